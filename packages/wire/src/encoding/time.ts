const DAY_MS = 86_400_000;

const pad = (value: number, width: number): string => String(value).padStart(width, "0");

/** Year, month and day of a count of days since 1970-01-01, in the proleptic Gregorian calendar. */
const civilDate = (days: number): string => {
  // Counted from 0000-03-01, so that the leap day is the last of its year.
  const shifted = days + 719_468;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear =
    dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const day = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  return `${pad(year, 4)}-${pad(month, 2)}-${pad(day, 2)}`;
};

/**
 * A time as Go's RFC3339Nano in UTC: `2024-05-01T10:20:30.123Z`, without trailing zeros.
 * @param epochMs milliseconds since the epoch; fractions become micro- and nanoseconds.
 */
export const formatTime = (epochMs: number): string => {
  const wholeMs = Math.floor(epochMs);
  const nanoseconds = Math.floor((epochMs - wholeMs) * 1e6);
  const days = Math.floor(wholeMs / DAY_MS);
  const ms = wholeMs - days * DAY_MS;
  const clock = [
    Math.floor(ms / 3_600_000),
    Math.floor(ms / 60_000) % 60,
    Math.floor(ms / 1000) % 60,
  ]
    .map((part) => pad(part, 2))
    .join(":");
  const fraction = `${pad(ms % 1000, 3)}${pad(nanoseconds, 6)}`.replace(/0+$/, "");
  return `${civilDate(days)}T${clock}${fraction === "" ? "" : `.${fraction}`}Z`;
};
