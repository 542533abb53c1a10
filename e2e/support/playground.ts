import { afterAll, beforeAll } from "vitest";
import type { Playground } from "./hosts.ts";
import { playground } from "./hosts.ts";

export { daemon, playground, SKEIN } from "./hosts.ts";
export type { Playground } from "./hosts.ts";

/**
 * What the names of all playgrounds of a run begin with (SKEIN_E2E_PREFIX, up to 8 characters): runs
 * with different ones do not meet on one machine.
 */
const PREFIX = process.env["SKEIN_E2E_PREFIX"] ?? "e2e";

/** The full name of a test's playground. */
export const playgroundName = (name: string): string => `${PREFIX}-${name}`;

/** A playground for all tests of the calling file, with the images demo:1 and demo:2 on each host. */
export const withPlayground = (name: string, flags: readonly string[] = []): Playground => {
  const made = playground(playgroundName(name), flags);
  beforeAll(async () => {
    await made.down();
    await made.up();
  });
  afterAll(() => made.down());
  return made;
};
