import type { PortConfig } from "@skein/wire";

/** Published ports that follow one another, and what they lead to. */
interface Range {
  readonly protocol: string;
  readonly published: readonly [first: number, last: number];
  readonly target: readonly [first: number, last: number];
}

const span = ([first, last]: readonly [number, number]): string =>
  last > first ? `${first}-${last}` : String(first);

const format = ({ protocol, published, target }: Range): string =>
  `*:${span(published)}->${span(target)}/${protocol}`;

/**
 * Whether a port continues a range: the next published port, with the same or the next target.
 * A range whose targets already differ does not go on with a target that it has.
 */
const continues = (range: Range, published: number, target: number, protocol: string): boolean => {
  const spread = range.target[0] !== range.target[1];
  const step = target - range.target[1];
  return (
    protocol === range.protocol &&
    published - range.published[1] <= 1 &&
    (step === 1 || (step === 0 && !spread))
  );
};

/** Ports on the routing mesh as `service ls` shows them: `*:8000-8002->80-82/tcp, *:53->53/udp`. */
export const publishedPorts = (ports: readonly PortConfig[]): string => {
  const ranges: Range[] = [];
  const sorted = ports
    .filter(({ PublishMode }) => PublishMode === "ingress")
    .map(({ Protocol = "tcp", PublishedPort = 0, TargetPort = 0 }) => ({
      protocol: Protocol,
      published: PublishedPort,
      target: TargetPort,
    }))
    .toSorted(
      (a, b) =>
        (a.protocol < b.protocol ? -1 : a.protocol > b.protocol ? 1 : 0) ||
        a.published - b.published,
    );
  for (const { protocol, published, target } of sorted) {
    const last = ranges.at(-1);
    if (last && continues(last, published, target, protocol))
      ranges[ranges.length - 1] = {
        protocol,
        published: [last.published[0], published],
        target: [last.target[0], target],
      };
    else ranges.push({ protocol, published: [published, published], target: [target, target] });
  }
  return ranges.map(format).join(", ");
};
