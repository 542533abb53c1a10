/** The longest message between nodes: a full assignment set with its secrets fits. */
export const MESSAGE_BYTES_MAX = 33_554_432;
/** The longest message from a caller without a certificate. */
export const ANONYMOUS_MESSAGE_BYTES_MAX = 65_536;
/** A connection without a certificate is for joining, which takes two calls. */
export const ANONYMOUS_CONNECTION_MS = 30_000;
/** Streams that one connection may have open. */
export const STREAMS_MAX = 1_000;
/** Streams that a connection without a certificate may have open. */
export const ANONYMOUS_STREAMS_MAX = 4;
/** Bytes in flight per stream and per connection before the receiver must have read some. */
export const STREAM_WINDOW_BYTES = 1_048_576;
export const CONNECTION_WINDOW_BYTES = 4_194_304;
/** Megabytes that one connection may queue before new streams are refused. */
export const SESSION_MEMORY_MB = 128;
/** How long a TLS handshake may take. */
export const HANDSHAKE_MS = 10_000;
/** Silence after which the kernel asks whether the other machine is still there. */
export const TCP_KEEPALIVE_MS = 10_000;
/** How long connecting may take, TLS included, unless the caller says otherwise. */
export const CONNECT_MS = 5_000;
/** How long a unary call may take, unless the caller says otherwise. */
export const CALL_MS = 10_000;
/** Silence after which the client asks for a sign of life, and how long it waits for one. */
export const PING_PERIOD_MS = 1_000;
export const PING_TIMEOUT_MS = 4_000;
