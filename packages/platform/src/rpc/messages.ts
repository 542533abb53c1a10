import { OperationError } from "@skein/base";
import { Packr } from "msgpackr";

/** Plain msgpack, without msgpackr's stateful records: any message can be read on its own. */
const packer = new Packr({ useRecords: false, int64AsType: "number" });

/** A message as bytes. */
export const encodeMessage = (message: unknown): Buffer => packer.pack(message);

/** Reads a message. What it is must be checked by whoever uses it. Throws (kind `invalid-parameter`). */
export const decodeMessage = (bytes: Uint8Array): unknown => {
  try {
    return packer.unpack(bytes);
  } catch (error) {
    throw new OperationError("invalid-parameter", "a message cannot be decoded", { cause: error });
  }
};
