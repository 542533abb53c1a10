import { rpcError } from "@skein/base";
import type { ResourceRequirements } from "@skein/wire";

const NANO = 1e9;
const MIN_NANO_CPUS = 1_000_000;
const MIN_MEMORY_BYTES = 4 * 1024 * 1024;

/** A number as Go's `%g` writes it. */
const formatShortest = (value: number): string => {
  if (value === 0 || Math.abs(value) >= 1e-4) return String(value);
  return value.toExponential().replace(/e-(\d)$/, "e-0$1");
};

const validateAmounts = (amounts: {
  readonly NanoCPUs?: number;
  readonly MemoryBytes?: number;
}): void => {
  const { NanoCPUs: cpus = 0, MemoryBytes: memory = 0 } = amounts;
  if (cpus !== 0 && cpus < MIN_NANO_CPUS)
    throw rpcError(
      "invalid-parameter",
      `invalid cpu value ${formatShortest(cpus / NANO)}: Must be at least 0.001`,
    );
  if (memory !== 0 && memory < MIN_MEMORY_BYTES)
    throw rpcError("invalid-parameter", `invalid memory value ${memory}: Must be at least 4MiB`);
};

/** Limits and reservations that an engine could not honour. Throws invalid-parameter. */
export const validateResources = ({ Limits, Reservations }: ResourceRequirements): void => {
  if (Limits) validateAmounts(Limits);
  if (Reservations) validateAmounts(Reservations);
};
