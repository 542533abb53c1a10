import type { PathFacts } from "@skein/model";
import type { NetworkTrace, TraceHop } from "@skein/wire";
import { containerHops } from "./container-hops.ts";
import type { TraceFacts } from "./facts.ts";
import { broken, passed } from "./hops.ts";
import {
  connectionHop,
  firewallHops,
  forwardingHop,
  listeningHop,
  nameHop,
  tunnelHops,
  underlayHop,
  vipHop,
} from "./way-hops.ts";

const between = (facts: TraceFacts, path: PathFacts): readonly TraceHop[] =>
  facts.peer ? [forwardingHop(facts), ...tunnelHops(facts), underlayHop(facts, path)] : [];

/** The hops from the source's container to the destination's, in the order in which a packet passes them. */
const hopsOf = (facts: TraceFacts): readonly TraceHop[] => {
  const { source, destination, path, vips, network } = facts;
  const start = [
    passed("network", "", `both are on network ${network}`),
    ...containerHops("source", source),
  ];
  const listening = listeningHop(facts);
  const end = [...containerHops("destination", destination), ...(listening ? [listening] : [])];
  if ("failure" in path)
    return [...start, broken("attempt", source.node, path.failure, "see the daemon's log"), ...end];
  return [
    ...start,
    nameHop(facts, path.facts),
    ...(vips.length > 0 ? [vipHop(facts, path.facts)] : []),
    ...between(facts, path.facts),
    ...end,
    ...firewallHops(facts),
    connectionHop(facts, path.facts),
  ];
};

/** Says at which hop the way from one container to another breaks, if it does. */
export const judgeTrace = (facts: TraceFacts): NetworkTrace => {
  const hops = hopsOf(facts);
  const attempt = hops.find(({ Name }) => Name === "connection");
  return {
    Source: facts.source.endpoint.name,
    Destination: facts.destination.endpoint.name,
    Reached: attempt?.Status === "ok",
    Hops: hops,
  };
};
