/** `HOST:ADDRESS` as the API takes it: `ADDRESS HOST`. */
export const toHosts = (entries: readonly string[]): readonly string[] =>
  entries.map((entry) => {
    const colon = entry.indexOf(":");
    return `${entry.slice(colon + 1)} ${entry.slice(0, colon)}`;
  });

/**
 * The hosts of a service after `--host-rm HOST[:ADDRESS]` and `--host-add HOST:ADDRESS`. Lines
 * `ADDRESS HOST ALIAS...` lose the removed names, and go when none is left.
 */
export const changeHosts = (
  present: readonly string[],
  add: readonly string[],
  remove: readonly string[],
): readonly string[] => {
  const removals = remove.map((entry) => {
    const colon = entry.indexOf(":");
    return colon < 0
      ? { host: entry, address: "" }
      : { host: entry.slice(0, colon), address: entry.slice(colon + 1) };
  });
  const kept = present.flatMap((line) => {
    const [ip = "", ...names] = line.split(/\s+/).filter((word) => word !== "");
    const left = names.filter(
      (name) =>
        !removals.some(({ host, address }) => host === name && (address === "" || address === ip)),
    );
    return left.length > 0 ? [`${ip} ${left.join(" ")}`] : [];
  });
  return [...new Set([...kept, ...toHosts(add)])];
};
