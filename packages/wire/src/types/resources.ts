/** A resource with an identity, e.g. `GPU=UUID1`. */
export interface NamedGenericResource {
  readonly Kind?: string;
  readonly Value?: string;
}

/** A resource that is counted, e.g. `SSD=3`. */
export interface DiscreteGenericResource {
  readonly Kind?: string;
  readonly Value?: number;
}

/** One user-defined resource: exactly one of the two is set. */
export interface GenericResource {
  readonly NamedResourceSpec?: NamedGenericResource;
  readonly DiscreteResourceSpec?: DiscreteGenericResource;
}

/** What a node has, or what a task reserves. CPUs in 10^-9, memory in bytes. */
export interface Resources {
  readonly NanoCPUs?: number;
  readonly MemoryBytes?: number;
  readonly GenericResources?: readonly GenericResource[];
}

/** What a task may use at most. */
export interface Limit {
  readonly NanoCPUs?: number;
  readonly MemoryBytes?: number;
  readonly Pids?: number;
}

/** Limits bind the container, reservations guide the scheduler. */
export interface ResourceRequirements {
  readonly Limits?: Limit;
  readonly Reservations?: Resources;
}
