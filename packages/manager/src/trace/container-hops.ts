import type { EndpointFacts } from "@skein/model";
import type { TraceHop } from "@skein/wire";
import type { Side } from "./facts.ts";
import { broken, differing, passed, repairAdvice } from "./hops.ts";

/** Is the container there, and does it hold its address? */
const containerHop = (end: string, side: Side, facts: EndpointFacts): TraceHop => {
  const { node, address, endpoint } = side;
  const name = `${end} container`;
  const { container } = facts;
  if (!container)
    return broken(
      name,
      node,
      `the engine has no container of ${endpoint.name}`,
      "see 'docker service ps --no-trunc'",
    );
  if (container.phase !== "running")
    return broken(
      name,
      node,
      `the container is ${container.phase}`,
      "see its logs, and 'docker service ps --no-trunc'",
    );
  if (!facts.addresses.includes(address))
    return broken(
      name,
      node,
      `the container does not have the address ${address}`,
      "replace the task, with 'docker service update --force' for instance",
    );
  const health = container.health === undefined ? "" : `, ${container.health}`;
  const text = `${endpoint.name} runs${health}, with ${address}`;
  return container.health === "unhealthy"
    ? broken(
        name,
        node,
        text,
        "names and virtual addresses do not lead to it: see its health check",
      )
    : passed(name, node, text);
};

/** Is its interface in the network's bridge, and the bridge as it should be? */
const bridgeHop = (end: string, { node }: Side, facts: EndpointFacts): TraceHop => {
  const name = `${end} bridge`;
  if (!facts.knowsNetwork)
    return broken(name, node, "the node was not told of the network", "see the daemon's log there");
  const wrong = differing(facts, "bridges", "addresses", "ports", "sysctls", "filters");
  if (wrong !== "") return broken(name, node, wrong, repairAdvice(node));
  return facts.bridged
    ? passed(name, node, "the container's interface is in the network's bridge, which is up")
    : broken(
        name,
        node,
        "the container's interface does not end in the network's bridge",
        repairAdvice(node),
      );
};

/** The container of one end, and what it hangs on. */
export const containerHops = (end: "source" | "destination", side: Side): readonly TraceHop[] => {
  const { found, node } = side;
  if ("failure" in found)
    return [
      broken(`${end} node`, node, found.failure, "see 'docker node ls' and the daemon's log there"),
    ];
  const first = containerHop(end, side, found.facts);
  return found.facts.container?.phase === "running"
    ? [first, bridgeHop(end, side, found.facts)]
    : [first];
};
