import { assert, deepEqual } from "@skein/base";
import type { Service } from "@skein/model";
import { specVersionId } from "@skein/model";
import type { Draft, Transaction } from "@skein/store";
import type { EndpointSpec, ServiceSpec } from "@skein/wire";

/** A service that is about to be recorded. Its spec has been validated. */
export interface NewService {
  readonly id: string;
  readonly spec: ServiceSpec;
  /** Credentials for pulling the image: base64url JSON as in X-Registry-Auth. */
  readonly registryAuth?: string;
}

/** Whether tasks of the service are wanted to end. */
export const isJob = (spec: ServiceSpec): boolean =>
  spec.Mode.ReplicatedJob !== undefined || spec.Mode.GlobalJob !== undefined;

/** Whether two endpoint specs mean the same: an absent one is mode `vip` without ports. */
export const sameEndpoint = (a: EndpointSpec | undefined, b: EndpointSpec | undefined): boolean =>
  (a?.Mode ?? "vip") === (b?.Mode ?? "vip") && deepEqual(a?.Ports ?? [], b?.Ports ?? []);

const sameContent = (a: ServiceSpec, b: ServiceSpec): boolean =>
  deepEqual(a.TaskTemplate, b.TaskTemplate) && sameEndpoint(a.EndpointSpec, b.EndpointSpec);

const writeVersion = (tx: Transaction, service: Draft<Service>): void => {
  const { spec, specVersion, registryAuth } = service;
  tx.put("specs", {
    id: specVersionId(service.id, specVersion),
    serviceId: service.id,
    serviceName: spec.Name ?? "",
    specVersion,
    task: spec.TaskTemplate,
    ...(spec.EndpointSpec ? { endpoint: spec.EndpointSpec } : {}),
    ...(registryAuth === undefined ? {} : { registryAuth }),
  });
};

/** Records a new service and the first version of its spec. */
export const createService = (tx: Transaction, { id, spec, registryAuth }: NewService): Service => {
  const service = tx.put("services", {
    id,
    spec,
    specVersion: tx.index,
    ...(registryAuth === undefined ? {} : { registryAuth }),
    ...(isJob(spec) ? { job: { iteration: 0, lastExecution: tx.now } } : {}),
  });
  writeVersion(tx, service);
  return service;
};

/** A spec with the credentials that go with it. */
interface Contents {
  readonly spec: ServiceSpec;
  readonly registryAuth?: string;
}

const put = (tx: Transaction, service: Service, next: Contents, previous?: Contents): Service => {
  const changed = !sameContent(service.spec, next.spec);
  const { endpoint, job } = service;
  const written = tx.put("services", {
    id: service.id,
    spec: next.spec,
    // Several updates may share one batch: the version grows with each of them nevertheless.
    specVersion: changed ? Math.max(tx.index, service.specVersion + 1) : service.specVersion,
    ...(previous ? { previousSpec: previous.spec } : {}),
    ...(next.registryAuth === undefined ? {} : { registryAuth: next.registryAuth }),
    ...(previous?.registryAuth === undefined
      ? {}
      : { previousRegistryAuth: previous.registryAuth }),
    ...(endpoint ? { endpoint } : {}),
    ...(job ? { job: { iteration: job.iteration + 1, lastExecution: tx.now } } : {}),
  });
  if (changed || service.registryAuth !== next.registryAuth) writeVersion(tx, written);
  return written;
};

const contents = (spec: ServiceSpec, registryAuth: string | undefined): Contents =>
  registryAuth === undefined ? { spec } : { spec, registryAuth };

/**
 * Replaces the spec of a service: the present one becomes the previous one, and the update status is
 * cleared, which also takes up a paused update again. The spec version grows, and with it tasks
 * become dirty, only when TaskTemplate or EndpointSpec changed. A job begins a new iteration.
 */
export const writeSpec = (
  tx: Transaction,
  service: Service,
  spec: ServiceSpec,
  registryAuth?: string,
): Service =>
  put(tx, service, contents(spec, registryAuth), contents(service.spec, service.registryAuth));

/**
 * A rollback that was asked for (`docker service rollback`): the spec and the previous one change
 * places, under a new spec version. Asserts that there is a previous spec.
 */
export const swapSpecs = (tx: Transaction, service: Service): Service => {
  const { previousSpec, previousRegistryAuth } = service;
  assert(previousSpec !== undefined, "rollback of a service without a previous spec");
  const swapped = put(
    tx,
    service,
    contents(previousSpec, previousRegistryAuth),
    contents(service.spec, service.registryAuth),
  );
  return swapped.job ? swapped : beginRollback(tx, swapped, "manually requested rollback");
};

/** The rollback of an update that failed: afterwards there is no previous spec any more. */
export const restorePreviousSpec = (
  tx: Transaction,
  service: Service,
  message: string,
): Service => {
  const { previousSpec, previousRegistryAuth } = service;
  assert(previousSpec !== undefined, "rollback of a service without a previous spec");
  const restored = put(tx, service, contents(previousSpec, previousRegistryAuth));
  return beginRollback(tx, restored, message);
};

const beginRollback = (tx: Transaction, service: Service, message: string): Service =>
  tx.put("services", {
    ...service,
    update: {
      state: "rollback_started",
      message,
      startedAt: tx.now,
      dirtySlots: 0,
      failures: {},
    },
  });
