import { expect, test } from "vitest";
import { parseFilterTable, renderFilter, toForwardFilter } from "./filter.ts";

const saved = (...rules: readonly string[]): string =>
  ["*filter", ":INPUT ACCEPT [0:0]", ":FORWARD DROP [0:0]", ...rules, "COMMIT"].join("\n");

const wanted = { rules: ["-i sk-a -o sk-a -j ACCEPT"], hooked: true };

test.each([
  {
    host: "without Docker",
    rules: ["-A FORWARD -j CNI-FORWARD"],
    place: "-I FORWARD 1 -j SKEIN-FORWARD",
  },
  {
    host: "with Docker, untouched",
    rules: [":DOCKER-USER - [0:0]", "-A FORWARD -j DOCKER-USER", "-A DOCKER-USER -j RETURN"],
    place: "-I DOCKER-USER 1 -j SKEIN-FORWARD",
  },
  {
    host: "with Docker and an administrator",
    rules: [
      ":DOCKER-USER - [0:0]",
      "-A DOCKER-USER -s 192.0.2.0/24 -j DROP",
      "-A DOCKER-USER -j MY-RULES",
      "-A DOCKER-USER -j RETURN",
    ],
    place: "-I DOCKER-USER 3 -j SKEIN-FORWARD",
  },
  {
    host: "whose last rule is gone",
    rules: [":DOCKER-USER - [0:0]", "-A DOCKER-USER -s 192.0.2.0/24 -j DROP"],
    place: "-I DOCKER-USER 2 -j SKEIN-FORWARD",
  },
])("our chain is called behind the administrator's rules: a host $host", ({ rules, place }) => {
  const chains = parseFilterTable(saved(...rules));
  expect(toForwardFilter(chains)).toBeUndefined();
  expect(renderFilter(chains, wanted).split("\n").slice(2, -2)).toEqual([
    "-A SKEIN-FORWARD -i sk-a -o sk-a -j ACCEPT",
    place,
  ]);
});

const ours = [":SKEIN-FORWARD - [0:0]", "-A SKEIN-FORWARD -i sk-a -o sk-a -j ACCEPT"];

test.each([
  { rules: [...ours, "-A FORWARD -j SKEIN-FORWARD"], hooked: true },
  { rules: ours, hooked: false },
  { rules: [...ours, "-A FORWARD -j SKEIN-FORWARD", "-A FORWARD -j SKEIN-FORWARD"], hooked: false },
  // Docker came later.
  { rules: [...ours, ":DOCKER-USER - [0:0]", "-A FORWARD -j SKEIN-FORWARD"], hooked: false },
  {
    rules: [
      ...ours,
      ":DOCKER-USER - [0:0]",
      "-A DOCKER-USER -j RETURN",
      "-A DOCKER-USER -j SKEIN-FORWARD",
    ],
    hooked: false,
  },
])("whether it is called: $hooked, $rules", ({ rules, hooked }) => {
  expect(toForwardFilter(parseFilterTable(saved(...rules)))).toEqual({ ...wanted, hooked });
});

test("it goes with all calls of it", () => {
  const chains = parseFilterTable(
    saved(...ours, "-A FORWARD -j SKEIN-FORWARD", "-A FORWARD -j SKEIN-FORWARD"),
  );
  expect(renderFilter(chains, undefined)).toBe(
    "*filter\n:SKEIN-FORWARD - [0:0]\n-D FORWARD -j SKEIN-FORWARD\n-D FORWARD -j SKEIN-FORWARD\n-X SKEIN-FORWARD\nCOMMIT\n",
  );
});
