import type { Config, ConfigSpec, Secret, SecretSpec } from "@skein/wire";
import { backupApi } from "./backup.ts";
import type { BackupApi } from "./backup.ts";
import { swarmApi } from "./cluster.ts";
import type { SwarmApi } from "./cluster.ts";
import { diagnosisApi } from "./diagnosis.ts";
import type { DiagnosisApi } from "./diagnosis.ts";
import { nodesApi } from "./nodes.ts";
import type { NodesApi } from "./nodes.ts";
import { filesApi, inspectDistribution, networksApi } from "./objects.ts";
import type { ConfigsApi, DistributionInfo, NetworksApi, SecretsApi } from "./objects.ts";
import { servicesApi, tasksApi } from "./services.ts";
import type { ServicesApi, TasksApi } from "./services.ts";
import { systemApi } from "./system.ts";
import type { SystemApi } from "./system.ts";
import { createTransport } from "./transport.ts";
import type { Transport, TransportOptions } from "./transport.ts";

/** A typed client of one daemon. Every call throws ApiError or ConnectionError when it fails. */
export interface Client {
  readonly transport: Transport;
  readonly swarm: SwarmApi;
  readonly nodes: NodesApi;
  readonly services: ServicesApi;
  readonly tasks: TasksApi;
  readonly secrets: SecretsApi;
  readonly configs: ConfigsApi;
  readonly networks: NetworksApi;
  readonly system: SystemApi;
  readonly diagnosis: DiagnosisApi;
  readonly backup: BackupApi;
  distribution(image: string, registryAuth?: string): Promise<DistributionInfo>;
  close(): void;
}

/** Makes a client; nothing is sent yet. Throws when the host's address is malformed. */
export const createClient = (options: TransportOptions): Client => {
  const transport = createTransport(options);
  return {
    transport,
    swarm: swarmApi(transport),
    nodes: nodesApi(transport),
    services: servicesApi(transport),
    tasks: tasksApi(transport),
    secrets: filesApi<Secret, SecretSpec>(transport, "secrets"),
    configs: filesApi<Config, ConfigSpec>(transport, "configs"),
    networks: networksApi(transport),
    system: systemApi(transport),
    diagnosis: diagnosisApi(transport),
    backup: backupApi(transport),
    distribution: (image, registryAuth) => inspectDistribution(transport, image, registryAuth),
    close: () => {
      transport.close();
    },
  };
};
