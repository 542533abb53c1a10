import type { HostPlan } from "./plan.ts";

/** The files of one host that the playground itself reads and writes. */
export interface HostPaths {
  /** Process records, see process-record.ts. */
  readonly host: string;
  readonly engine: string;
  readonly daemon: string;
  readonly hostLog: string;
  readonly engineLog: string;
  readonly daemonLog: string;
  /** The engine's own data. */
  readonly engineData: string;
  /** The daemon's own data. */
  readonly daemonData: string;
  /** What the daemon keeps only as long as the host runs. */
  readonly runDir: string;
  /** The daemon's own pid file (a pid of the host's namespace). */
  readonly daemonPidfile: string;
  readonly resolvConf: string;
  readonly containersConf: string;
  readonly cniState: string;
  readonly cniConfig: string;
}

/** Where each file of the host is. */
export const pathsOf = ({ dir }: Pick<HostPlan, "dir">): HostPaths => ({
  host: `${dir}/host.process`,
  engine: `${dir}/engine.process`,
  daemon: `${dir}/daemon.process`,
  hostLog: `${dir}/host.log`,
  engineLog: `${dir}/engine.log`,
  daemonLog: `${dir}/daemon.log`,
  engineData: `${dir}/engine`,
  daemonData: `${dir}/skein`,
  runDir: `${dir}/run`,
  daemonPidfile: `${dir}/skein.pid`,
  resolvConf: `${dir}/resolv.conf`,
  containersConf: `${dir}/containers.conf`,
  cniState: `${dir}/cni/state`,
  cniConfig: `${dir}/cni/config`,
});
