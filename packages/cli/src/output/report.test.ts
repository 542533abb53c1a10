import { ApiError, ConnectionError } from "@skein/sdk";
import { expect, test } from "vitest";
import { describeError } from "./report.ts";

const connection = (code: string): ConnectionError =>
  new ConnectionError("unix:///x.sock", Object.assign(new Error(`connect ${code}`), { code }));

test("refusals are the daemon's words", () => {
  expect(describeError(new ApiError(404, "node x not found"))).toBe(
    "Error response from daemon: node x not found",
  );
});

test("a daemon that does not answer gets a hint", () => {
  expect(describeError(connection("ENOENT"))).toMatch(
    /^Cannot connect to the Skein daemon at unix:\/\/\/x\.sock\. Is the daemon running\?\nStart it with /,
  );
  expect(describeError(connection("EACCES"))).toMatch(/^permission denied .*\nRun the command as/);
  expect(describeError(connection("ETIMEDOUT"))).toBe(
    "error during connect to unix:///x.sock: connect ETIMEDOUT",
  );
});
