import type { Fields, Logger } from "@skein/base";
import { pino } from "pino";
import type { Logger as Pino } from "pino";
import { prettyLine } from "./pretty-line.ts";

/** Lines of a less important level are dropped. */
export type LogLevel = "error" | "warn" | "info" | "debug";

/** Every level, most important first. */
export const logLevels: readonly LogLevel[] = ["error", "warn", "info", "debug"];

/** Where the lines go and how they look. */
export interface LoggerOptions {
  readonly level: LogLevel;
  /** One JSON object per line, or text for people. */
  readonly format: "json" | "pretty";
  /** Takes whole lines, newline included. */
  readonly write: (line: string) => void;
}

const adapt = (lines: Pino): Logger => ({
  error: (message, fields: Fields = {}) => lines.error(fields, message),
  warn: (message, fields: Fields = {}) => lines.warn(fields, message),
  info: (message, fields: Fields = {}) => lines.info(fields, message),
  debug: (message, fields: Fields = {}) => lines.debug(fields, message),
  child: (fields) => adapt(lines.child(fields)),
});

/**
 * A logger with the given looks. JSON lines are `{level, time, ...fields, msg}` with the level's
 * name and the time in RFC 3339.
 */
export const newLogger = ({ level, format, write }: LoggerOptions): Logger =>
  adapt(
    pino(
      {
        level,
        base: null,
        timestamp: pino.stdTimeFunctions.isoTime,
        formatters: { level: (label) => ({ level: label }) },
        serializers: { error: pino.stdSerializers.err },
      },
      { write: format === "json" ? write : (line) => write(prettyLine(line)) },
    ),
  );

/** The daemon's logger: on stderr, for people when that is a terminal and as JSON lines otherwise. */
export const stderrLogger = (level: LogLevel): Logger =>
  newLogger({
    level,
    format: process.stderr.isTTY ? "pretty" : "json",
    write: (line) => void process.stderr.write(line),
  });
