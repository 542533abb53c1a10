import { describe, expect, it } from "vitest";
import { isImageReference } from "./image-reference.ts";

const digest = `sha256:${"a".repeat(64)}`;

describe("image references", () => {
  it.each([
    "bb:1",
    "nginx",
    "library/nginx:1.25-alpine",
    "reg.example:5000/team/img:v1",
    "localhost/x",
    "UPPER/case",
    "[::1]:5000/a",
    "a__b/c---d.e:_T",
    `nginx@${digest}`,
    `reg.example/nginx:1@${digest}`,
  ])("accepts %s", (text) => {
    expect(isImageReference(text)).toBe(true);
  });

  it.each([
    "",
    "UPPER/Case:1",
    "BAD IMAGE",
    "bb:bad tag",
    "http://x/y",
    "a//b",
    "-a",
    "a.",
    "Nginx",
    `nginx@sha256:${"a".repeat(63)}`,
    "a".repeat(64),
    `x:${"t".repeat(129)}`,
    `${"a".repeat(250)}/b`,
  ])("refuses %s", (text) => {
    expect(isImageReference(text)).toBe(false);
  });
});
