/** How a service's name resolves: one virtual address, or all tasks' addresses. */
export type ResolutionMode = "vip" | "dnsrr";

/** One published port. `ingress` is reached on every node, `host` only where the task runs. */
export interface PortConfig {
  readonly Name?: string;
  readonly Protocol?: "tcp" | "udp" | "sctp";
  readonly TargetPort?: number;
  /** Absent: a free port from 30000 is taken. */
  readonly PublishedPort?: number;
  readonly PublishMode?: "ingress" | "host";
}

/** What a service publishes. */
export interface EndpointSpec {
  readonly Mode?: ResolutionMode;
  readonly Ports?: readonly PortConfig[];
}

/** A service's virtual address on one network, e.g. `10.0.1.5/24`. */
export interface EndpointVirtualIP {
  readonly NetworkID?: string;
  readonly Addr?: string;
}

/** What a service really got. `Spec` is `{}` as long as nothing is published. */
export interface Endpoint {
  readonly Spec: EndpointSpec;
  readonly Ports?: readonly PortConfig[];
  readonly VirtualIPs?: readonly EndpointVirtualIP[];
}
