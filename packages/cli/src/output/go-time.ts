/** A time of the API (RFC 3339, UTC) as Go prints it: `2024-01-02 03:04:05.6 +0000 UTC`. */
export const formatTime = (text: string): string => {
  const match = /^(\d{4}-\d\d-\d\d)T(\d\d:\d\d:\d\d)(\.\d+)?(Z|[+-]\d\d:\d\d)$/.exec(text);
  if (!match) return text;
  const [, date, time, fraction = "", zone = "Z"] = match;
  const offset = zone === "Z" ? "+0000 UTC" : `${zone.replace(":", "")} ${zone.replace(":", "")}`;
  return `${date} ${time}${fraction.replace(/\.?0+$/, "")} ${offset}`;
};

/** Milliseconds since the epoch of a time of the API. */
export const toMilliseconds = (text: string): number => Date.parse(text);
