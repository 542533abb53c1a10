import { request } from "node:https";
import { OperationError, messageOf } from "@skein/base";
import type { Credentials } from "../shared/credentials.ts";

/** How long an external authority may take, and how much it may say (behaviour.md, 18.5). */
const ANSWER_MS = 5000;
const ANSWER_BYTES_MAX = 256 * 1024;

/** A name as CFSSL's API writes it. */
interface CfsslName {
  readonly O?: string;
  readonly OU?: string;
}

/** The body of a request to sign, as CFSSL's API has it. */
export interface CfsslRequest {
  /** PEM. */
  readonly certificate_request: string;
  /** Replaces what the request says. */
  readonly subject?: { readonly CN: string; readonly names: readonly CfsslName[] };
  /** DNS names. */
  readonly hosts?: readonly string[];
  /** Which of the authority's settings to sign with. */
  readonly profile?: string;
}

/** Where an external authority is and how its host proves itself. */
export interface CfsslEndpoint {
  /** The complete address, `https://host:8888/api/v1/cfssl/sign`. */
  readonly url: string;
  /** PEM: roots under which its host's certificate is believed. */
  readonly trust: string;
  /** As whom to ask. */
  readonly credentials: Credentials;
  /** How long it may take, 5 s by default. */
  readonly timeoutMs?: number | undefined;
}

const failed = (url: string, reason: string, cause?: unknown): OperationError =>
  new OperationError("unavailable", `the external CA at ${url} did not sign: ${reason}`, { cause });

const post = (
  { url, trust, credentials, timeoutMs }: CfsslEndpoint,
  body: string,
): Promise<string> =>
  new Promise((resolve, reject) => {
    const sent = request(
      url,
      {
        method: "POST",
        headers: { "content-type": "application/json" },
        ca: trust,
        cert: credentials.certificatePem,
        key: credentials.keyPem,
        agent: false,
        signal: AbortSignal.timeout(timeoutMs ?? ANSWER_MS),
      },
      (response) => {
        let text = "";
        response.setEncoding("utf8");
        response.on("data", (piece: string) => {
          text += piece;
          if (text.length > ANSWER_BYTES_MAX)
            response.destroy(new Error(`its answer is longer than ${ANSWER_BYTES_MAX} bytes`));
        });
        response.once("end", () => resolve(text));
        response.once("error", reject);
      },
    );
    sent.once("error", reject);
    sent.end(body);
  });

/** The certificate in an answer. CFSSL says in the body what went wrong, whatever the status is. */
const parseAnswer = (text: string): string => {
  const answer = Object.fromEntries(Object.entries(JSON.parse(text) ?? {}));
  const { certificate } = Object.fromEntries(Object.entries(answer["result"] ?? {}));
  if (answer["success"] === true && typeof certificate === "string") return certificate;
  const errors: unknown = answer["errors"];
  const messages = (Array.isArray(errors) ? errors : []).map((one: unknown) =>
    String(Object.fromEntries(Object.entries(one ?? {}))["message"]),
  );
  throw new Error(messages.length > 0 ? messages.join("; ") : "its answer has no certificate");
};

/**
 * Has a request signed by an authority that speaks CFSSL's API, over mutual TLS. Gives the
 * certificate, PEM, unchecked. Rejects (kind `unavailable`) with the address and the reason.
 */
export const signWithCfssl = async (
  endpoint: CfsslEndpoint,
  wanted: CfsslRequest,
): Promise<string> => {
  try {
    return parseAnswer(await post(endpoint, JSON.stringify(wanted)));
  } catch (error) {
    const isLate = error instanceof Error && error.name === "AbortError";
    const reason = isLate
      ? `no answer within ${endpoint.timeoutMs ?? ANSWER_MS} ms`
      : messageOf(error);
    throw failed(endpoint.url, reason, error);
  }
};
