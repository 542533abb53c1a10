import { randomBytes } from "node:crypto";
import { OperationError, rpcError, seededRandom } from "@skein/base";
import { expect, test } from "vitest";
import { encode, endFrame, failureFrame, newFrameDecoder } from "./frames.ts";
import type { Frame } from "./frames.ts";
import { fromWireError } from "./wire-error.ts";

const messages = [
  null,
  "text ✓",
  { type: "hello", nested: { list: [1, 2.5, -1], bytes: Buffer.from([1, 2, 3]) } },
  Array.from({ length: 1_000 }, (_, n) => ({ id: `task-${n}`, state: "running" })),
  "",
];

const pushAll = (bytes: Buffer, sizes: () => number): Frame[] => {
  const decoder = newFrameDecoder(1_000_000);
  const frames: Frame[] = [];
  for (let at = 0; at < bytes.length;) {
    const size = Math.max(1, sizes());
    frames.push(...decoder.push(bytes.subarray(at, at + size)));
    at += size;
  }
  return frames;
};

test("frames come out whole however they are cut on the way", () => {
  const bytes = Buffer.concat([...messages.map((message) => encode(message).frame), endFrame]);
  const wanted = [...messages.map((message) => ({ kind: "message", message })), { kind: "end" }];
  const random = seededRandom(1);
  expect(pushAll(bytes, () => bytes.length)).toEqual(wanted);
  expect(pushAll(bytes, () => 1)).toEqual(wanted);
  for (let turn = 0; turn < 50; turn += 1)
    expect(pushAll(bytes, () => random.integer(700))).toEqual(wanted);
});

test("an operation error keeps kind, message and prefix; a bug becomes internal", () => {
  const travel = (error: unknown): OperationError => {
    const frame = newFrameDecoder(10_000).push(failureFrame(error)).at(0);
    return fromWireError(frame?.kind === "failure" ? frame.error : "no failure");
  };
  expect(travel(new OperationError("conflict", "in use"))).toMatchObject({
    kind: "conflict",
    message: "in use",
    rpc: false,
  });
  expect(travel(rpcError("not-found", "service x not found"))).toMatchObject({
    kind: "not-found",
    rpc: true,
  });
  expect(travel(new TypeError("oops"))).toMatchObject({ kind: "internal", message: "oops" });
  expect(travel("thrown text")).toMatchObject({ kind: "internal", message: "thrown text" });
});

test.each([undefined, null, 7, "x", [], { kind: "new-kind", message: 3 }])(
  "a failure that cannot be read (%j) is an unknown error",
  (value) => {
    expect(fromWireError(value)).toMatchObject({ kind: "unknown", rpc: false });
  },
);

test("a body beyond the limit is refused before it has arrived", () => {
  const { frame } = encode("x".repeat(101));
  expect(() => newFrameDecoder(100).push(frame.subarray(0, 5))).toThrow(
    expect.objectContaining({ kind: "invalid-parameter" }),
  );
  expect(newFrameDecoder(200).push(frame)).toHaveLength(1);
});

test("nonsense is refused, never misread", () => {
  const random = seededRandom(2);
  const kinds = new Set<unknown>();
  for (let turn = 0; turn < 300; turn += 1) {
    const bytes = randomBytes(1 + random.integer(60));
    bytes[0] = 0;
    if (bytes.length > 4) bytes.writeUInt32BE(bytes.length - 5, 1);
    try {
      newFrameDecoder(1_000).push(bytes);
    } catch (error) {
      kinds.add(error instanceof OperationError ? error.kind : error);
    }
  }
  expect([...kinds]).toEqual(["invalid-parameter"]);
  expect(() => newFrameDecoder(10).push(Buffer.from([9, 0, 0, 0, 0]))).toThrow("unknown type 9");
});
