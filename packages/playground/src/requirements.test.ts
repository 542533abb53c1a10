import { expect, test } from "vitest";
import { missingPrograms } from "./requirements.ts";

test("what is missing is named with its Debian package, and only for what is in use", () => {
  const nothing = (): boolean => false;
  const names = (engines: Parameters<typeof missingPrograms>[0]): string[] =>
    missingPrograms(engines, "", nothing).map(([program]) => program);
  expect(names(["docker"])).toContain("dockerd");
  expect(names(["docker"])).not.toContain("podman");
  expect(names(["podman"])).toContain("podman");
  expect(names(["docker"])).not.toContain("nft");
  expect(names(["docker", "skein"])).toContain("nft");
  expect(missingPrograms(["docker"], "", (program) => program !== "ip")).toEqual([
    ["ip", "iproute2"],
  ]);
});

test("programs are looked for along the path", () => {
  const missing = missingPrograms([], "/nowhere:/bin:/usr/bin").map(([program]) => program);
  expect(missing).not.toContain("bash");
  expect(missingPrograms([], "/nowhere").map(([program]) => program)).toContain("bash");
});
