import type { DoctorReport, NetworkTrace } from "@skein/wire";
import type { Transport } from "./transport.ts";

/** What to examine. */
export interface ExamineOptions {
  /** Names of groups of checks; none: all. */
  readonly groups?: readonly string[];
  /** Repairs what differs in the node's networks. */
  readonly repair?: boolean;
  /** Name or id of another node; only managers know them. */
  readonly node?: string;
}

/** The way that is to be looked at. */
export interface TraceOptions {
  /** A service, a task (`web.1` or its id), or a container on an attachable network. */
  readonly source: string;
  readonly destination: string;
  /** `8080` or `53/udp`; absent: only whether the other end is reached. */
  readonly port?: string;
}

/** Skein's own routes, below /skein/v1. */
export interface DiagnosisApi {
  examine(options?: ExamineOptions): Promise<DoctorReport>;
  trace(options: TraceOptions): Promise<NetworkTrace>;
}

/** Skein's own routes over a transport. */
export const diagnosisApi = (transport: Transport): DiagnosisApi => ({
  examine: ({ groups = [], repair = false, node } = {}) =>
    transport.json({
      method: "POST",
      path: "/skein/v1/doctor",
      query: {
        groups: groups.length === 0 ? undefined : groups.join(","),
        repair: repair ? 1 : undefined,
        node,
      },
    }),
  trace: ({ source, destination, port }) =>
    transport.json({
      method: "GET",
      path: "/skein/v1/networks/trace",
      query: { source, destination, port },
    }),
});
