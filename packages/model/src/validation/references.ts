import { rpcError } from "@skein/base";
import type { ContainerSpec, FileTarget } from "@skein/wire";

/** A reference to a secret or config, stripped of what differs between the two. */
interface Reference {
  readonly id: string;
  readonly name: string;
  readonly file: FileTarget | undefined;
  /** A config used by the runtime itself needs no file. */
  readonly runtime: boolean;
}

const validateReferences = (word: "secret" | "config", references: readonly Reference[]): void => {
  const owners = new Map<string, string>();
  for (const { id, name, file, runtime } of references) {
    if (id === "" || name === "")
      throw rpcError("invalid-parameter", `malformed ${word} reference`);
    if (runtime && !file) continue;
    if (!file)
      throw rpcError("invalid-parameter", `malformed ${word} reference, no target provided`);
    if (file.Name === "")
      throw rpcError(
        "invalid-parameter",
        `malformed file ${word} reference, invalid target file name provided`,
      );
    const owner = owners.get(file.Name);
    if (owner !== undefined)
      throw rpcError(
        "invalid-parameter",
        `${word} references '${owner}' and '${name}' have a conflicting target: '${file.Name}'`,
      );
    owners.set(file.Name, name);
  }
};

/** The form of a container's references to secrets. Whether they exist is the store's matter. */
export const validateSecretReferences = ({ Secrets = [] }: ContainerSpec): void => {
  validateReferences(
    "secret",
    Secrets.map(({ SecretID: id, SecretName: name, File: file }) => ({
      id,
      name,
      file,
      runtime: false,
    })),
  );
};

/** The form of a container's references to configs, and of the credential spec that names one. */
export const validateConfigReferences = (container: ContainerSpec): void => {
  const { Configs = [], Privileges } = container;
  validateReferences(
    "config",
    Configs.map(({ ConfigID: id, ConfigName: name, File: file, Runtime }) => ({
      id,
      name,
      file,
      runtime: Runtime !== undefined,
    })),
  );
  const credentials = Privileges?.CredentialSpec?.Config ?? "";
  if (credentials === "") return;
  const referenced = Configs.some((ref) => ref.Runtime && ref.ConfigID === credentials);
  if (!referenced)
    throw rpcError(
      "invalid-parameter",
      `CredentialSpec references config '${credentials}', but that config isn't in config references with RuntimeTarget`,
    );
};
