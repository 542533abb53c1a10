/** One HTTP request as a value. Header names are in lower case. */
export interface ApiRequest {
  readonly method: string;
  /** As on the request line, percent-encoded, without the query. */
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  /** The whole body; `invalid-parameter` when it is larger than `maxBytes`, or than the listener allows. */
  readonly body: (maxBytes?: number) => Promise<string>;
  /** Aborted when the client has gone. */
  readonly signal: AbortSignal;
}

/** The bytes of a body: known, or made while they are sent. */
export type ApiBody = string | AsyncIterable<Uint8Array>;

/** One HTTP answer as a value. The listener adds framing headers only. */
export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: ApiBody;
}

/** An answer in JSON, on one line as the reference writes it. */
export const json = (status: number, value: unknown): ApiResponse => ({
  status,
  headers: { "content-type": "application/json" },
  body: `${JSON.stringify(value)}\n`,
});

/** An answer without a body. */
export const empty = (status: number): ApiResponse => ({ status, headers: {}, body: "" });

/** What the engine answered, its body still arriving. */
export interface EngineResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: AsyncIterable<Uint8Array>;
}

/** The container engine below, as far as the API merges its answers into its own. */
export interface EngineApi {
  /** Rejects with `unavailable` when the engine does not answer. */
  request(input: {
    readonly method: string;
    /** With query. */
    readonly path: string;
    readonly headers?: Readonly<Record<string, string>>;
    readonly body?: string;
    readonly signal?: AbortSignal;
  }): Promise<EngineResponse>;
}

/** Everything in a body, as text. */
export const readAll = async (body: ApiBody): Promise<string> => {
  if (typeof body === "string") return body;
  const chunks: Uint8Array[] = [];
  let length = 0;
  for await (const chunk of body) {
    chunks.push(chunk);
    length += chunk.length;
  }
  const bytes = new Uint8Array(length);
  let at = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, at);
    at += chunk.length;
  }
  return new TextDecoder().decode(bytes);
};
