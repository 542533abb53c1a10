import { createHash, randomBytes } from "node:crypto";
import { promisify } from "node:util";
import { gunzip, gzip } from "node:zlib";
import { OperationError } from "@skein/base";
import type { LoadedState, LogRecord } from "@skein/store";
import { Packr } from "msgpackr";
import { KEY_BYTES, newSealer } from "../shared/sealing.ts";
import type { Sealer } from "../shared/sealing.ts";
import type { Protection, Protector, WrappedKey } from "./protection.ts";
import { unwrapKey, wrapKey } from "./protection.ts";

/*
 * A backup is text, a line each:
 *
 *   header         JSON: format, version, cluster, time, and the wrapped key of this backup
 *   data:<base64>  many records: msgpack, compressed, sealed
 *   end:<base64>   how many records there are, sealed
 *
 * The names under which lines are sealed hold the digest of the header and their number: a line that is
 * changed, missing, moved or of another backup is noticed. See docs/adr/0030.
 */

const FORMAT = "skein-backup";
const VERSION = 1;
/** Records are sealed together until they have about so many bytes. */
const CHUNK_BYTES = 1_048_576;

const packer = new Packr({ useRecords: false, int64AsType: "number" });
const compress = promisify(gzip);
const decompress = promisify(gunzip);

/** What a backup says of itself to anybody. */
export interface BackupHeader extends WrappedKey {
  readonly format: typeof FORMAT;
  readonly version: number;
  readonly clusterId: string;
  /** ISO 8601. */
  readonly createdAt: string;
}

/** Of what, when, and how a backup is made. */
export interface BackupOptions {
  readonly clusterId: string;
  /** Milliseconds since the epoch. */
  readonly now: number;
  readonly protector: Protector;
}

/** A backup that was read, whole and unchanged. */
export interface OpenedBackup {
  readonly header: BackupHeader;
  readonly state: LoadedState;
}

const nameOf = (head: string, part: string): string =>
  `backup/${createHash("sha256").update(head).digest("hex")}/${part}`;

/** Encodes records until a chunk is full. */
const chunksOf = function* chunksOf(records: readonly LogRecord[]): Generator<Uint8Array> {
  let chunk: Uint8Array[] = [];
  let bytes = 0;
  for (const { key, value } of records) {
    const packed = packer.pack([key, value]);
    chunk.push(packed);
    bytes += packed.length;
    if (bytes < CHUNK_BYTES) continue;
    yield packer.pack(chunk);
    [chunk, bytes] = [[], 0];
  }
  if (chunk.length > 0) yield packer.pack(chunk);
};

/** The lines of a backup, made while they are asked for. Rejects as {@link wrapKey} does. */
export const writeBackup = async function* writeBackup(
  { index, records }: LoadedState,
  { clusterId, now, protector }: BackupOptions,
): AsyncGenerator<string> {
  const key = randomBytes(KEY_BYTES);
  const sealer = newSealer(key);
  const about = { format: FORMAT, version: VERSION, clusterId } as const;
  const createdAt = new Date(now).toISOString();
  const header: BackupHeader = { ...about, createdAt, ...(await wrapKey(key, protector)) };
  const head = JSON.stringify(header);
  yield `${head}\n`;
  let number = 0;
  for (const chunk of chunksOf(records)) {
    const sealed = sealer.seal(nameOf(head, String(number)), await compress(chunk));
    yield `data:${sealed.toString("base64")}\n`;
    number += 1;
  }
  const end = packer.pack({ index, records: records.length, chunks: number });
  yield `end:${sealer.seal(nameOf(head, "end"), end).toString("base64")}\n`;
};

const invalid = (problem: string, cause?: unknown): OperationError =>
  new OperationError("invalid-parameter", `the backup can't be used: ${problem}`, { cause });

const PROTECTIONS: readonly unknown[] = ["none", "passphrase", "unlock-key"] satisfies Protection[];

/** Reads the first line. Throws (kind `invalid-parameter`) when it is no backup's, or a newer version's. */
const parseHeader = (line: string): BackupHeader => {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch (error) {
    throw invalid("the file is not a backup of Skein", error);
  }
  const header = Object.fromEntries(Object.entries(value ?? {}));
  if (header["format"] !== FORMAT) throw invalid("the file is not a backup of Skein");
  if (header["version"] !== VERSION)
    throw invalid(
      `its format ${header["version"]} is not known to this version: use a newer Skein`,
    );
  if (!PROTECTIONS.includes(header["protection"]) || typeof header["key"] !== "string")
    throw invalid("its first line is damaged");
  return value as BackupHeader;
};

/** The content of a line; throws when it is damaged. */
const openLine = (sealer: Sealer, name: string, line: string): Buffer => {
  const sealed = Buffer.from(line.slice(line.indexOf(":") + 1), "base64");
  try {
    return sealer.open(name, sealed);
  } catch (error) {
    throw invalid("it is damaged", error);
  }
};

const recordsOf = async (chunk: Buffer): Promise<readonly LogRecord[]> => {
  const packed = packer.unpack(await decompress(chunk)) as readonly Uint8Array[];
  return packed.map((bytes) => {
    const [key, value] = packer.unpack(bytes) as [string, unknown];
    return { key, value };
  });
};

/**
 * Reads a backup as a whole. `secret` is what it is protected by. Rejects with kind `invalid-parameter` when
 * it is none, incomplete, damaged or of a newer version, and as {@link unwrapKey} does.
 */
export const readBackup = async (text: string, secret: string): Promise<OpenedBackup> => {
  const [head = "", ...lines] = text.split("\n").filter((line) => line !== "");
  const header = parseHeader(head);
  const last = lines.at(-1);
  if (last?.startsWith("end:") !== true || !text.endsWith("\n"))
    throw invalid("its end is missing, it was cut short");
  const sealer = newSealer(await unwrapKey(header, secret));
  const end = Object.fromEntries(
    Object.entries(packer.unpack(openLine(sealer, nameOf(head, "end"), last)) ?? {}),
  );
  const data = lines.slice(0, -1);
  if (data.length !== end["chunks"]) throw invalid("parts of it are missing");
  const records: LogRecord[] = [];
  for (const [number, line] of data.entries())
    for (const record of await recordsOf(openLine(sealer, nameOf(head, String(number)), line)))
      records.push(record);
  if (records.length !== end["records"]) throw invalid("parts of it are missing");
  return { header, state: { index: Number(end["index"]), records } };
};
