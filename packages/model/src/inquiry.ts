/**
 * What a manager asks a node on its session, and what the node answers. Questions change nothing but
 * what is repaired anyway, and may be asked any time.
 */
import type { DoctorReport } from "@skein/wire";

/** Nodes that speak an older protocol are not asked. */
export const INQUIRY_PROTOCOL = 2;

export type PortProtocol = "tcp" | "udp" | "sctp";

/** Ports of one protocol, both ends included. */
export interface PortRange {
  readonly protocol: PortProtocol;
  readonly first: number;
  readonly last: number;
}

/** The program's name of sockets that the kernel itself has for VXLAN; their pid is 0. */
export const KERNEL_VXLAN = "the kernel's VXLAN";

/** A program that waits for connections or datagrams. */
export interface HostListener {
  readonly protocol: PortProtocol;
  readonly port: number;
  /** `*`: any address, IPv4 and IPv6; `0.0.0.0` and `::`: any of one family. */
  readonly address: string;
  /** Empty when it is not known: in another process namespace, or something else of the kernel. */
  readonly program: string;
  /** 0 when it is not known. */
  readonly pid: number;
}

/** `program "nginx" (pid 12)`, for people. */
export const whoListens = ({ program, pid }: Pick<HostListener, "program" | "pid">): string => {
  if (program === "") return "another program";
  return pid === 0 ? program : `program "${program}" (pid ${pid})`;
};

/** One thing in a node's kernel that is not as it should be. */
export interface NetworkDifference {
  /** `bridges`, `vxlans`, `forwarding`, `tables`, ...: the sections of the kernel's state. */
  readonly kind: string;
  /** Which one: an interface, an interface and an address, an element of a map. */
  readonly what: string;
  readonly how: "missing" | "changed" | "unexpected";
  /** What is not as it should be of a thing that is there: `up is false, should be true`. */
  readonly detail?: string;
}

/** What became of an attempt to connect: `refused` says that the address was reached. */
export type Reach = "open" | "refused" | "silent";

/** A container and its place on a network. */
export interface EndpointQuestion {
  readonly kind: "endpoint";
  /** Task id, or the engine's id of an attached container. */
  readonly endpointId: string;
  /** `web.1.<task id>`, or the attached container's name. */
  readonly name: string;
  /** False for attached containers. */
  readonly isTask: boolean;
  readonly networkId: string;
  readonly addresses: readonly string[];
  /** Addresses at the other end: differences that concern them count, too. */
  readonly others: readonly string[];
}

/** What a node knows of one of its containers, and of what surrounds it. */
export interface EndpointFacts {
  /** Absent: the engine has no such container. */
  readonly container?: {
    readonly phase: "created" | "running" | "exited";
    readonly health?: "starting" | "healthy" | "unhealthy";
  };
  /** What its interfaces hold. */
  readonly addresses: readonly string[];
  /** Whether the interface with its address ends in the network's bridge. */
  readonly bridged: boolean;
  readonly listeners: readonly HostListener[];
  /** Whether the node was told of the network. */
  readonly knowsNetwork: boolean;
  /** What of this network is not as it should be in the node's kernel. */
  readonly differences: readonly NetworkDifference[];
  /** What the node's firewall may keep from networks. */
  readonly warnings: readonly string[];
}

/** The way from a container of the node to others. */
export interface PathQuestion {
  readonly kind: "path";
  readonly endpointId: string;
  readonly endpointName: string;
  readonly isTask: boolean;
  readonly networkId: string;
  /** To be looked up as the container would. */
  readonly name: string;
  /** To be connected to from within the container. */
  readonly addresses: readonly string[];
  /** Port to connect to; 0: any, only to be reached. */
  readonly port: number;
  readonly vips: readonly string[];
  /** Other nodes, by the address that they have on the network, and by the one below it. */
  readonly peers: readonly { readonly gateway: string; readonly underlay: string }[];
}

/** What came of trying the way. */
export interface PathFacts {
  /** What the name led to; absent when it led nowhere. */
  readonly resolved?: readonly string[];
  /** Why not. */
  readonly unresolved?: string;
  /** By address. */
  readonly reached: Readonly<Record<string, Reach>>;
  /** By VIP: the tasks that the node's own tables lead to. */
  readonly backends: Readonly<Record<string, readonly string[]>>;
  /** Whether other nodes are reached by their address on the network, and by the one below it. */
  readonly peers: Readonly<Record<string, Reach>>;
}

/** What a node may be asked. */
export type NodeQuestion =
  /** Which programs listen on these ports of the host. */
  | { readonly kind: "listeners"; readonly ranges: readonly PortRange[] }
  /** What overlay networks need, and the node lacks. */
  | { readonly kind: "requirements" }
  /** Its checks; all groups when none is named. With `repair` differences of networks are repaired. */
  | { readonly kind: "doctor"; readonly groups: readonly string[]; readonly repair: boolean }
  | EndpointQuestion
  | PathQuestion;

/** The answer to each kind of question. */
export interface NodeAnswers {
  readonly listeners: {
    readonly listeners: readonly HostListener[];
    /** The host's own addresses. */
    readonly addresses: readonly string[];
  };
  readonly requirements: { readonly missing: readonly string[] };
  readonly doctor: DoctorReport;
  readonly endpoint: EndpointFacts;
  readonly path: PathFacts;
}

export type QuestionKind = NodeQuestion["kind"];

/** Manager to agent. */
export interface InquiryMessage {
  readonly type: "inquiry";
  readonly id: string;
  readonly question: NodeQuestion;
}

/** Agent to manager. */
export interface AnswerMessage {
  readonly type: "answer";
  readonly id: string;
  readonly answer?: NodeAnswers[QuestionKind];
  /** Why there is no answer. */
  readonly error?: string;
}
