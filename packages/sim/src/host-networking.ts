import type {
  Dataplane,
  DataplaneReport,
  KernelState,
  NetworkingParts,
  Touched,
} from "@skein/agent";
import { diffKernel, diffTouched, emptyKernelState, mergeChanges } from "@skein/agent";
import type { Random } from "@skein/base";
import { OperationError } from "@skein/base";
import { chance, delay } from "./draw.ts";
import type { Process } from "./process.ts";

/** The share of changes that the kernel refuses. */
const REFUSED = 0.02;

const nothing: DataplaneReport = { changes: {} };

/** A machine's kernel, its engine's networks and the tables on its disk: they outlive the agent. */
export class HostNetworking {
  readonly #random: Random;
  readonly #networks = new Set<string>();
  readonly #kernel = emptyKernelState();
  /** The state that was applied last, if that went well. */
  #wanted: KernelState | undefined;
  readonly #tables = new Map<string, unknown>();

  constructor(random: Random) {
    this.#random = random;
  }

  /** What the kernel was brought to. */
  get kernel(): KernelState {
    return this.#kernel;
  }

  /** As the real data plane does it: after a failure, or for another plan, all is compared. */
  #apply(wanted: KernelState, touched: Touched | undefined): DataplaneReport {
    const part = this.#wanted === wanted ? touched : undefined;
    const changes =
      (part && diffTouched(this.#kernel, wanted, part)) ?? diffKernel(this.#kernel, wanted);
    mergeChanges(this.#kernel, changes);
    this.#wanted = wanted;
    return nothing;
  }

  /** The networks as one agent process sees them. */
  partsFor(process: Process): NetworkingParts {
    const { signal } = new AbortController();
    const change = async (until: AbortSignal = signal): Promise<void> => {
      await process.sleep(delay(this.#random, 10, 2000), until);
      if (!chance(this.#random, REFUSED)) return;
      this.#wanted = undefined;
      throw new OperationError("unavailable", "the kernel is busy");
    };
    const dataplane: Dataplane = {
      host: () => process.sleep(1).then(() => ({ underlayMtu: 1500 })),
      apply: (wanted, touched) => change().then(() => this.#apply(wanted, touched)),
      audit: () => change().then(() => ({ ...nothing, differences: [] })),
      compare: () => process.sleep(1).then(() => []),
      remove: () => change().then(() => this.#apply(emptyKernelState(), undefined)),
      attach: () => change().then(() => []),
      encryption: () => Promise.resolve({ supported: true }),
      requirements: () => Promise.resolve([]),
      warnings: () => Promise.resolve([]),
      close: () => Promise.resolve(),
    };
    return {
      dataplane,
      deriveKey: (secret, purpose) => `${secret} ${purpose}`,
      engine: {
        ensureNetwork: async ({ name }, until) => {
          await change(until);
          this.#networks.add(name);
        },
        listNetworks: async (until) => {
          await process.sleep(1, until);
          return [...this.#networks];
        },
        removeNetwork: async (name, until) => {
          await change(until);
          this.#networks.delete(name);
        },
      },
      containers: {
        listPlain: () => process.sleep(1).then(() => []),
        placeContainer: () => change(),
        freeContainer: () => change(),
      },
      redirection: { redirect: () => change(), clear: () => change() },
      tables: {
        load: () =>
          process.sleep(1).then(() => [...this.#tables].map(([key, value]) => ({ key, value }))),
        save: async (records) => {
          await process.sleep(2);
          for (const { key, value } of records)
            if (value === undefined) this.#tables.delete(key);
            else this.#tables.set(key, value);
        },
        clear: async () => {
          await process.sleep(2);
          this.#tables.clear();
        },
      },
      diagnostics: {
        listeners: () => process.sleep(1).then(() => []),
        addresses: () => process.sleep(1).then(() => []),
        inside: () =>
          process.sleep(1).then(() => ({ addresses: [], interfaces: [], listeners: [] })),
        probe: () => process.sleep(1).then(() => ({ reached: {} })),
      },
      newNames: () => ({ listen: () => process.sleep(1) }),
    };
  }
}
