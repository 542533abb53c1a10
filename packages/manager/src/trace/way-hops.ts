import type { HostListener, PathFacts, Reach } from "@skein/model";
import type { TraceHop } from "@skein/wire";
import type { TraceFacts } from "./facts.ts";
import { broken, differing, factsOf, hop, passed, repairAdvice } from "./hops.ts";

const isAnswer = (reach: Reach | undefined): boolean => reach === "open" || reach === "refused";

/** What the source's resolver says. */
export const nameHop = (
  { source, name, expected }: TraceFacts,
  { resolved, unresolved }: PathFacts,
): TraceHop => {
  const { node } = source;
  if (!resolved)
    return broken(
      "name",
      node,
      `"${name}" leads nowhere in the source's container (${unresolved ?? "no answer"})`,
      `see the check "names" of 'skein doctor network --node ${node}', and the container's /etc/resolv.conf`,
    );
  const text = `"${name}" leads to ${resolved.join(", ")}`;
  return resolved.some((address) => expected.includes(address))
    ? passed("name", node, text)
    : broken(
        "name",
        node,
        `${text}, and should lead to ${expected.join(", ")}`,
        "another network of the container may have the same name",
      );
};

/** Where the source's node leads connections to the VIP. */
export const vipHop = (
  { source, destination, vips, active }: TraceFacts,
  { backends }: PathFacts,
): TraceHop => {
  const name = "virtual address";
  const facts = factsOf(source);
  const wrong = facts ? differing(facts, "vips", "tables") : "";
  if (wrong !== "") return broken(name, source.node, wrong, repairAdvice(source.node));
  const [vip = ""] = vips;
  const tasks = backends[vip];
  if (!tasks)
    return broken(name, source.node, `the node does not know ${vip}`, "see the daemon's log there");
  if (!tasks.includes(destination.address))
    return destination.endpoint.active
      ? broken(
          name,
          source.node,
          `${vip} does not lead to ${destination.address} on this node yet`,
          "the node lags behind: see the daemon's log there",
        )
      : broken(
          name,
          source.node,
          `${vip} does not lead to ${destination.endpoint.name}: it is not healthy, or about to stop`,
          "see its health check and 'docker service ps'",
        );
  return passed(
    name,
    source.node,
    `${vip} leads to ${tasks.length} of ${active.length} tasks, this one included`,
  );
};

/** What the source's node knows of the way to the destination's. */
export const forwardingHop = ({ source, destination }: TraceFacts): TraceHop => {
  const facts = factsOf(source);
  const wrong = facts ? differing(facts, "forwarding", "neighbours") : "";
  return wrong === ""
    ? passed(
        "forwarding",
        source.node,
        `frames to ${destination.address} go to ${destination.node}`,
      )
    : broken("forwarding", source.node, wrong, repairAdvice(source.node));
};

/** The VXLAN ports of both nodes, and on encrypted networks what encrypts between them. */
export const tunnelHops = ({ source, destination }: TraceFacts): readonly TraceHop[] => {
  const hops = [source, destination].flatMap((side): readonly TraceHop[] => {
    const facts = factsOf(side);
    const wrong = facts ? differing(facts, "vxlans", "flood", "associations", "policies") : "";
    return wrong === "" ? [] : [broken("tunnel", side.node, wrong, repairAdvice(side.node))];
  });
  return hops.length > 0
    ? hops
    : [passed("tunnel", source.node, "the VXLAN ports of both nodes are up")];
};

/** Between the nodes. That the destination itself answers is proof enough. */
export const underlayHop = (
  { source, destination, peer }: TraceFacts,
  { peers, reached }: PathFacts,
): TraceHop => {
  const name = "underlay";
  const { gateway = "", underlay = "" } = peer ?? {};
  const other = `${destination.node} (${underlay})`;
  if (isAnswer(peers[gateway]) || isAnswer(reached[destination.address]))
    return passed(name, source.node, `${other} is reached through VXLAN`);
  // A node without a running container on the network may have left it.
  if (factsOf(destination)?.container?.phase !== "running")
    return hop(name, source.node, "skipped", {
      detail: "not judged: nothing runs at the destination",
    });
  return isAnswer(peers[underlay])
    ? broken(
        name,
        source.node,
        `${other} is reached, but not through VXLAN`,
        "allow the VXLAN port (UDP 4789, or --data-path-port) in both directions between the nodes, in the firewalls of both and in what lies between",
      )
    : broken(
        name,
        source.node,
        `${other} is not reached at all`,
        "see the network between the hosts, and the firewalls of both",
      );
};

const shown = (listeners: readonly HostListener[]): string =>
  [...new Set(listeners.map(({ port, protocol }) => `${port}/${protocol}`))].slice(0, 5).join(", ");

const isLoopback = (address: string): boolean => address.startsWith("127.") || address === "::1";

/** Does a program in the destination's container wait on the port? */
export const listeningHop = (facts: TraceFacts): TraceHop | undefined => {
  const { destination, port, protocol } = facts;
  const seen = factsOf(destination);
  if (port === 0 || !seen) return undefined;
  const { node } = destination;
  const here = seen.listeners.filter((one) => one.port === port && one.protocol === protocol);
  const outward = seen.listeners.filter(({ address }) => !isLoopback(address));
  if (here.length === 0)
    return broken(
      "listening",
      node,
      `nothing in the container listens on ${port}/${protocol}` +
        (outward.length === 0 ? "" : `; it listens on ${shown(outward)}`),
      "see the program's logs, and on which port it is to listen",
    );
  return here.every(({ address }) => isLoopback(address))
    ? broken(
        "listening",
        node,
        `the program listens on ${port}/${protocol} of 127.0.0.1 only`,
        "let it listen on 0.0.0.0",
      )
    : passed("listening", node, `a program listens on ${port}/${protocol}`);
};

/** What the firewalls of both nodes may drop. */
export const firewallHops = ({ source, destination }: TraceFacts): readonly TraceHop[] => {
  const nodes = new Map([source, destination].map((side) => [side.node, factsOf(side)]));
  return [...nodes].flatMap(([node, facts]) =>
    (facts?.warnings ?? []).map((detail) =>
      hop("firewall", node, "warning", { detail, advice: "change the firewall or the setting" }),
    ),
  );
};

/** The attempt itself. */
export const connectionHop = (facts: TraceFacts, { reached }: PathFacts): TraceHop => {
  const { source, destination, vips, port, protocol } = facts;
  const [to = destination.address] = vips;
  const isTried = port > 0 && protocol === "tcp";
  const what = isTried ? `${to}:${port}` : to;
  const direct = reached[destination.address];
  const how = reached[to];
  const worst = how === "silent" || direct === "silent" ? "silent" : (how ?? direct);
  const name = "connection";
  if (worst === "open" || (worst === "refused" && !isTried))
    return passed(name, source.node, `${what} answers the source's container`);
  if (worst === "refused")
    return broken(name, source.node, `${what} refuses the connection`, "see the hops before");
  return broken(
    name,
    source.node,
    `${direct === "silent" ? destination.address : what} does not answer the source's container`,
    "see the hops before; if all are well, look for a firewall in the container itself",
  );
};
