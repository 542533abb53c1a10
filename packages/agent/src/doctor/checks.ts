import type { Check } from "@skein/wire";

/** All is well. */
export const ok = (name: string, finding: string): Check => ({
  Name: name,
  Status: "ok",
  Finding: finding,
  Advice: "",
});

/** May become a problem, or hides one. */
export const warning = (name: string, finding: string, advice: string): Check => ({
  Name: name,
  Status: "warning",
  Finding: finding,
  Advice: advice,
});

/** Somebody must act. */
export const problem = (name: string, finding: string, advice: string): Check => ({
  Name: name,
  Status: "problem",
  Finding: finding,
  Advice: advice,
});
