import {
  RECURSION_AVAILABLE,
  RECURSION_DESIRED,
  TRUNCATED_RESPONSE,
  decode,
  encode,
} from "dns-packet";
import type { Answer, Packet, Question } from "dns-packet";

/** What the cluster says to a question; the agent decides it. */
export type Resolution =
  | { readonly kind: "addresses"; readonly addresses: readonly string[] }
  | { readonly kind: "name"; readonly name: string }
  | { readonly kind: "unknown" }
  | { readonly kind: "foreign" };

export type QuestionType = "A" | "AAAA" | "PTR" | "other";

/** Seconds that clients may keep an answer: short, so that none is stale for long. */
const TTL_S = 1;
/** Response codes (RFC 1035, 4.1.1). */
const SERVER_FAILURE = 2;
const NAME_ERROR = 3;
/** What a client without EDNS takes over UDP (RFC 1035, 4.2.1). */
const UDP_BYTES = 512;

/** The one question of a query; undefined when it is no query that we understand. */
export const readQuestion = (
  message: Buffer,
): { readonly packet: Packet; readonly question: Question } | undefined => {
  try {
    const packet = decode(message);
    const [question] = packet.questions ?? [];
    return packet.type === "query" && question ? { packet, question } : undefined;
  } catch {
    return undefined; // not a DNS message
  }
};

/** The kind of question, as the agent knows them. */
export const typeOf = ({ type }: Question): QuestionType =>
  type === "A" || type === "AAAA" || type === "PTR" ? type : "other";

const answersOf = (question: Question, resolution: Resolution): Answer[] => {
  const { name } = question;
  if (resolution.kind === "name") return [{ type: "PTR", name, ttl: TTL_S, data: resolution.name }];
  if (resolution.kind !== "addresses") return [];
  return resolution.addresses.map((data) => ({
    type: data.includes(":") ? ("AAAA" as const) : ("A" as const),
    name,
    ttl: TTL_S,
    data,
  }));
};

const response = (query: Packet, code: number, answers: Answer[]): Packet => ({
  type: "response",
  id: query.id ?? 0,
  flags: ((query.flags ?? 0) & RECURSION_DESIRED) | RECURSION_AVAILABLE | code,
  questions: query.questions ?? [],
  answers,
});

/** The answer to a query that the cluster can answer. */
export const encodeResolution = (
  query: Packet,
  question: Question,
  resolution: Resolution,
): Buffer =>
  encode(
    response(
      query,
      resolution.kind === "unknown" ? NAME_ERROR : 0,
      answersOf(question, resolution),
    ),
  );

/** What a client gets when nobody could be asked. */
export const encodeFailure = (query: Packet): Buffer => encode(response(query, SERVER_FAILURE, []));

/** How much a client takes over UDP. */
const udpLimit = (query: Packet): number => {
  const edns = (query.additionals ?? []).find((record) => record.type === "OPT");
  return Math.max(UDP_BYTES, edns && "udpPayloadSize" in edns ? edns.udpPayloadSize : 0);
};

/** The answer for UDP: one that is too long says so, and the client comes again over TCP. */
export const fitUdp = (query: Packet, answer: Buffer): Buffer => {
  if (answer.length <= udpLimit(query)) return answer;
  const empty = response(query, 0, []);
  return encode({ ...empty, flags: (empty.flags ?? 0) | TRUNCATED_RESPONSE });
};
