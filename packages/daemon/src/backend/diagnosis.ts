import type { Backend } from "@skein/api";
import type { DoctorReport, NetworkTrace } from "@skein/wire";
import type { DoctorDependencies } from "../doctor/doctor.ts";
import { examineNode } from "../doctor/doctor.ts";
import type { ManagerRuntime } from "../manager/manager-runtime.ts";

/** This node's checks; those of others, and the ways between them, by the leader's sessions. */
export const newDiagnosisBackend = (
  doctor: DoctorDependencies,
  manager: () => ManagerRuntime,
): Backend["diagnosis"] => ({
  examine: async (input) =>
    input.node === ""
      ? examineNode(doctor, input)
      : ((await manager().perform("diagnosis.examine", input)) as DoctorReport),
  trace: async (input) => (await manager().perform("diagnosis.trace", input)) as NetworkTrace,
});
