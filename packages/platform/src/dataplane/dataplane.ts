import type {
  AttachedInterface,
  Attachment,
  AuditReport,
  Dataplane,
  DataplaneReport,
  HostNetwork,
  KernelChanges,
  KernelState,
  Touched,
} from "@skein/agent";
import {
  countChanges,
  describeChanges,
  diffKernel,
  diffTouched,
  emptyKernelState,
  isEmpty,
  mergeChanges,
} from "@skein/agent";
import { OperationError } from "@skein/base";
import type { EncryptionSupport, NetworkDifference } from "@skein/model";
import { applyToKernel } from "./apply-kernel.ts";
import { attachContainer } from "./attach.ts";
import { findEncryptionSupport } from "./encryption-support.ts";
import { findWarnings } from "./firewall.ts";
import { loadModules } from "./modules.ts";
import { NftSession } from "./nft-session.ts";
import { Programs } from "./programs.ts";
import { findMissing } from "./requirements.ts";
import type { IpLink } from "./read-devices.ts";
import { readKernel } from "./read-kernel.ts";
import { withTexts } from "./with-texts.ts";

export interface LinuxDataplaneOptions {
  /**
   * Command that is put before each program: `nsenter --net=...` for a host that is a network
   * namespace. Default: none.
   */
  readonly enter?: readonly string[];
}

/** UDP port of VXLAN while no network says otherwise. */
const DEFAULT_PORT = 4789;

/** Others change the kernel too, between reading and writing. */
const ATTEMPTS = 3;

const hasDifferences = (report: DataplaneReport): boolean => Object.keys(report.changes).length > 0;

const sum = (a: DataplaneReport, b: DataplaneReport): DataplaneReport => {
  if (!hasDifferences(a)) return b;
  const changes: Record<string, number> = { ...a.changes };
  for (const [kind, count] of Object.entries(b.changes))
    changes[kind] = (changes[kind] ?? 0) + count;
  return { changes };
};

const changesOf = (
  known: KernelState,
  wanted: KernelState,
  touched: Touched | undefined,
): KernelChanges => (touched && diffTouched(known, wanted, touched)) ?? diffKernel(known, wanted);

/** The data plane of Linux: iproute2, nftables and iptables. */
class LinuxDataplane implements Dataplane {
  readonly #programs: Programs;
  readonly #session: NftSession;
  /** What is in the kernel as far as is known; undefined: to be read. */
  #known: KernelState | undefined;
  #wanted: KernelState | undefined;
  #hasModules = false;
  #requirements: Promise<readonly string[]> | undefined;
  #queue: Promise<unknown> = Promise.resolve();

  constructor({ enter = [] }: LinuxDataplaneOptions) {
    this.#programs = new Programs(enter);
    this.#session = new NftSession(this.#programs);
  }

  async host(underlay: string): Promise<HostNetwork> {
    const links = await this.#programs.readJson("ip", ["-json", "address", "show"]);
    const found = (links as readonly IpLink[]).find(({ addr_info: infos }) =>
      infos?.some(({ local }) => local === underlay),
    );
    if (found?.mtu === undefined)
      throw new OperationError(
        "failed-precondition",
        `no network interface of this node has the data path address ${underlay}`,
      );
    return { underlayMtu: found.mtu };
  }

  apply(wanted: KernelState, touched?: Touched): Promise<DataplaneReport> {
    return this.#inTurn(() => {
      const part = this.#wanted === wanted ? touched : undefined;
      this.#wanted = wanted;
      return this.#reconcile(wanted, part);
    });
  }

  audit(): Promise<AuditReport> {
    return this.#inTurn(async () => {
      const expected = this.#expected;
      if (!expected) return { changes: {}, differences: [] };
      const { found, differences } = await this.#compare(expected);
      this.#known = found;
      return { ...(await this.#reconcile(expected)), differences };
    });
  }

  compare(): Promise<readonly NetworkDifference[]> {
    return this.#inTurn(async () => {
      const expected = this.#expected;
      return expected ? (await this.#compare(expected)).differences : [];
    });
  }

  remove(): Promise<DataplaneReport> {
    return this.#inTurn(async () => {
      this.#wanted = undefined;
      this.#known = undefined;
      return this.#reconcile(emptyKernelState());
    });
  }

  attach(attachment: Attachment): Promise<readonly AttachedInterface[]> {
    return this.#inTurn(() => attachContainer(this.#programs, attachment));
  }

  encryption(): Promise<EncryptionSupport> {
    return findEncryptionSupport(this.#programs);
  }

  async requirements(): Promise<readonly string[]> {
    this.#requirements ??= findMissing(this.#programs);
    try {
      const missing = await this.#requirements;
      // What is missing may be there the next time.
      if (missing.length > 0) this.#requirements = undefined;
      return missing;
    } catch (error) {
      this.#requirements = undefined;
      throw error;
    }
  }

  warnings(): Promise<readonly string[]> {
    const ports = new Set([...(this.#wanted?.vxlans.values() ?? [])].map(({ port }) => port));
    if (ports.size === 0) ports.add(DEFAULT_PORT);
    const encrypted = (this.#wanted?.policies.size ?? 0) > 0;
    return findWarnings(this.#programs, { ports: [...ports], encrypted });
  }

  async close(): Promise<void> {
    await this.#inTurn(() => this.#session.close());
  }

  #inTurn<T>(task: () => Promise<T>): Promise<T> {
    const result = this.#queue.then(task);
    this.#queue = result.catch(() => undefined);
    return result;
  }

  /**
   * What the kernel should have: what it was seen or made to have. The wanted state may be ahead of that, which
   * is no fault of the kernel.
   */
  get #expected(): KernelState | undefined {
    const [known, wanted] = [this.#known, this.#wanted];
    return known && wanted ? { ...known, ports: wanted.ports } : wanted;
  }

  async #compare(expected: KernelState): Promise<{
    readonly found: KernelState;
    readonly differences: readonly NetworkDifference[];
  }> {
    const found = await readKernel(this.#programs, [...expected.sysctls.keys()]);
    return { found, differences: describeChanges(diffKernel(found, expected)) };
  }

  async #reconcile(wanted: KernelState, touched?: Touched): Promise<DataplaneReport> {
    if (!this.#hasModules && wanted.bridges.size > 0) {
      await loadModules(this.#programs);
      this.#hasModules = true;
    }
    let report: DataplaneReport = { changes: {} };
    let errors: readonly string[] = [];
    for (let attempt = 0; attempt < ATTEMPTS; attempt += 1) {
      const found = this.#known;
      const known = found ?? (await readKernel(this.#programs, [...wanted.sysctls.keys()]));
      const changes = found ? changesOf(found, wanted, touched) : diffKernel(known, wanted);
      if (isEmpty(changes)) {
        this.#known = withTexts(known, wanted);
        return report;
      }
      // Until all is done it is unknown how far it went.
      this.#known = undefined;
      errors = await applyToKernel({ programs: this.#programs, session: this.#session }, changes);
      report = sum(report, { changes: countChanges(changes) });
      if (errors.length === 0) {
        mergeChanges(known, changes);
        this.#known = withTexts(known, wanted);
        return report;
      }
    }
    throw new OperationError("unavailable", `network of this node: ${errors.join("; ")}`);
  }
}

/** Starts nothing yet. Needs root. */
export const newLinuxDataplane = (options: LinuxDataplaneOptions = {}): Dataplane =>
  new LinuxDataplane(options);
