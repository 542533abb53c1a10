import type { MethodDefinition } from "@grpc/grpc-js";
import protobuf from "protobufjs/light.js";
import { messageDescriptors } from "./messages.ts";

const root = protobuf.Root.fromJSON(messageDescriptors());
root.resolveAll();

/** 64-bit numbers become decimal text, absent fields their default. */
const asPlain = { longs: String, defaults: true, arrays: true };

const serializer =
  (name: string) =>
  (value: object): Buffer =>
    Buffer.from(root.lookupType(name).encode(value).finish());

/** Messages have the shape that messages.ts describes, which the types of wire-types.ts repeat. */
const deserializer =
  <T>(name: string) =>
  (bytes: Buffer): T => {
    const type = root.lookupType(name);
    return type.toObject(type.decode(bytes), asPlain) as T;
  };

/** A method of etcd as grpc-js wants it. */
export type Method<Request extends object, Response> = MethodDefinition<Request, Response>;

interface MethodShape {
  readonly path: string;
  readonly request: string;
  readonly response: string;
  readonly streams?: { readonly request: boolean; readonly response: boolean };
}

/** Describes one method; names of messages are those of messages.ts. */
export const method = <Request extends object, Response>(
  shape: MethodShape,
): Method<Request, Response> => ({
  path: `/etcdserverpb.${shape.path}`,
  requestStream: shape.streams?.request ?? false,
  responseStream: shape.streams?.response ?? false,
  requestSerialize: serializer(shape.request),
  requestDeserialize: deserializer<Request>(shape.request),
  responseSerialize: serializer(shape.response) as (value: Response) => Buffer,
  responseDeserialize: deserializer<Response>(shape.response),
});
