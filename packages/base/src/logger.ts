/** Facts that go with a log line. Never secrets. */
export type Fields = Readonly<Record<string, unknown>>;

/** error: someone must act; warn: will become one if it lasts; info: the state changed; debug: the rest. */
export interface Logger {
  error(message: string, fields?: Fields): void;
  warn(message: string, fields?: Fields): void;
  info(message: string, fields?: Fields): void;
  debug(message: string, fields?: Fields): void;
  /** A logger that adds `fields` to each line. */
  child(fields: Fields): Logger;
}

const nothing = (): void => {};

/** Drops everything. */
export const silentLogger: Logger = {
  error: nothing,
  warn: nothing,
  info: nothing,
  debug: nothing,
  child: () => silentLogger,
};
