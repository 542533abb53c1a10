import { parseDuration } from "../../flags/duration.ts";

const TIME =
  /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d)(?::(\d\d)(?::(\d\d)(?:\.(\d{1,9}))?)?)?)?(Z|[+-]\d\d:\d\d)?$/;

/** Seconds and nanoseconds since the epoch, as the API takes them. */
const stamp = (milliseconds: number, nanoseconds: number): string => {
  const seconds = Math.floor(milliseconds / 1000);
  return `${seconds}.${String(nanoseconds).padStart(9, "0")}`;
};

/**
 * `--since` as the API takes it: a duration counts back from `now` (milliseconds), a time is local
 * unless it says otherwise; anything else, such as seconds since the epoch, goes as it is.
 */
export const sinceParameter = (text: string, now: number): string => {
  const match = TIME.exec(text);
  if (match) {
    const [, date = "", hour = "00", minute = "00", second = "00", fraction = "", zone = ""] =
      match;
    const time = Date.parse(`${date}T${hour}:${minute}:${second}${zone}`);
    return Number.isNaN(time) ? text : stamp(time, Number(fraction.padEnd(9, "0")));
  }
  if (/^\d+(\.\d+)?$/.test(text)) return text;
  try {
    const time = now - parseDuration(text) / 1e6;
    const rest = time - Math.floor(time / 1000) * 1000;
    return stamp(time, Math.floor(rest * 1e6));
  } catch {
    return text;
  }
};
