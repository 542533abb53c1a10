import { mkdtempSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readOptions } from "./options.ts";

const file = (text: string): string => {
  const path = join(mkdtempSync(join(tmpdir(), "skein-options-")), "skein.yml");
  writeFileSync(path, text);
  return path;
};

test("flags win over the environment, the environment over the file, the file over the defaults", () => {
  const config = file("dataDir: /file\nrunDir: /file\nengine: unix:///file\n");
  const options = readOptions(
    { config, dataDir: "/flag" },
    { SKEIN_DATA_DIR: "/variable", SKEIN_RUN_DIR: "/variable" },
  );
  expect(options.dataDir).toBe("/flag");
  expect(options.runDir).toBe("/variable");
  expect(options.engine).toBe("unix:///file");
  expect(options.hosts).toEqual(["unix:///run/skein/skein.sock"]);
});

test("several hosts come from repeated flags, a list in the file, or commas in the variable", () => {
  const hosts = ["unix:///a", "tcp://127.0.0.1:2375"];
  expect(readOptions({ host: hosts }, {}).hosts).toEqual(hosts);
  expect(readOptions({}, { SKEIN_HOST: hosts.join(",") }).hosts).toEqual(hosts);
  expect(
    readOptions({ config: file(`host: [${hosts.map((h) => `"${h}"`).join(",")}]`) }, {}).hosts,
  ).toEqual(hosts);
});

test("keys of encrypted networks are used for twelve hours, unless another number is given", () => {
  expect(readOptions({}, {}).networkKeyPeriodMs).toBe(43_200_000);
  expect(readOptions({}, { SKEIN_NETWORK_KEY_ROTATION: "0.5" }).networkKeyPeriodMs).toBe(1_800_000);
});

test("what is wrong is named", () => {
  expect(() => readOptions({ config: "/nowhere.yml" }, {})).toThrow('"/nowhere.yml"');
  expect(() => readOptions({ config: file("dataDirectory: /x") }, {})).toThrow('"dataDirectory"');
  expect(() => readOptions({ host: ["http://x"] }, {})).toThrow('invalid host "http://x"');
  for (const networkKeyRotation of ["0", "often", "9999"])
    expect(() => readOptions({ networkKeyRotation }, {})).toThrow("hours from 0.1 to 720");
  expect(() => readOptions({ logLevel: "loud" }, {})).toThrow("debug, info, warn, error");
  expect(() => readOptions({ config: file("dataDir: 5") }, {})).toThrow('"dataDir" must be a text');
});
