import { randomBytes } from "node:crypto";
import { OperationError } from "@skein/base";
import { expect, test } from "vitest";
import { keyIdentifier, newSealer } from "./sealing.ts";

const key = randomBytes(32);
const value = Buffer.from("a secret that must not be on the disk");

test("opens what it sealed, also by another sealer of the same key", () => {
  const sealer = newSealer(key);
  const sealed = sealer.seal("secrets/1", value);
  expect(sealed.includes(value)).toBe(false);
  expect(sealer.open("secrets/1", sealed)).toEqual(value);
  expect(newSealer(key).open("secrets/1", sealed)).toEqual(value);
  const empty = sealer.seal("x", Buffer.alloc(0));
  expect(sealer.open("x", empty)).toEqual(Buffer.alloc(0));
});

test("the same value never looks the same twice", () => {
  const sealers = [newSealer(key), newSealer(key)];
  const sealed = sealers.flatMap((sealer) => [sealer.seal("k", value), sealer.seal("k", value)]);
  expect(new Set(sealed.map((bytes) => bytes.toString("hex"))).size).toBe(4);
  expect(new Set(sealed.map((bytes) => bytes.subarray(23).toString("hex"))).size).toBe(4);
});

test("refuses another name, another key, and any change of any byte", () => {
  const sealer = newSealer(key);
  const sealed = sealer.seal("secrets/1", value);
  expect(() => sealer.open("secrets/2", sealed)).toThrow(OperationError);
  expect(() => newSealer(randomBytes(32)).open("secrets/1", sealed)).toThrow("is damaged");
  for (let at = 0; at < sealed.length; at += 1) {
    const changed = Buffer.from(sealed);
    changed[at] = (changed[at] ?? 0) ^ 1;
    expect(() => sealer.open("secrets/1", changed), `byte ${at}`).toThrow("is damaged");
  }
  for (let length = 0; length < sealed.length; length += 1)
    expect(() => sealer.open("secrets/1", sealed.subarray(0, length))).toThrow("is damaged");
});

test("the identifier tells keys apart and is stable", () => {
  expect(keyIdentifier(Buffer.alloc(32, 7))).toBe(keyIdentifier(Buffer.alloc(32, 7)));
  expect(keyIdentifier(key)).not.toBe(keyIdentifier(randomBytes(32)));
});
