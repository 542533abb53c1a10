import type { ContainerSpec, DNSConfig, HealthConfig, Mount, StringMap, Ulimit } from "@skein/wire";
import { CommandError } from "../../command/errors.ts";
import type { Flag, Flags } from "../../command/flag.ts";
import { cut, toMap } from "../../flags/csv.ts";
import { changeCapabilities } from "./capabilities.ts";
import { changeHosts } from "./hosts.ts";
import { updateFlags } from "./update-flags.ts";

const { container, health, metadata, files, network, kernel } = updateFlags;

/** A map without some keys and with others; undefined stays when nothing is added. */
export const changeMap = (
  present: StringMap | undefined,
  add: readonly string[],
  remove: readonly string[],
): StringMap | undefined => {
  if (!present && add.length === 0) return undefined;
  const kept = Object.entries(present ?? {}).filter(([key]) => !remove.includes(key));
  return { ...Object.fromEntries(kept), ...toMap(add) };
};

/** A list without duplicates, with some entries more and some less, sorted. */
const changeList = (
  present: readonly string[] | undefined,
  add: readonly string[],
  remove: readonly string[],
): readonly string[] =>
  [...new Set([...(present ?? []), ...add])].filter((entry) => !remove.includes(entry)).toSorted();

const changeEnv = (present: readonly string[] = [], flags: Flags): readonly string[] => {
  const remove = flags.all(metadata.envRm);
  const kept = present.filter((entry) => !remove.includes(cut(entry)[0]));
  if (!flags.changed(metadata.envAdd)) return kept;
  // The order stays, so that tasks are not replaced for the sake of the order alone.
  const entries = [...kept, ...flags.all(metadata.envAdd)];
  return [...new Map(entries.map((entry) => [cut(entry)[0], entry])).values()];
};

const sortKey = ({ Source = "", Target = "" }: Mount): string => `${Source}\0${Target}`;

const changeMounts = (present: readonly Mount[] = [], flags: Flags): readonly Mount[] => {
  const added = flags.all(files.mountAdd);
  const targets = new Set(added.map(({ Target }) => Target));
  if (targets.size < added.length) throw new CommandError("duplicate mount target");
  const remove = flags.all(files.mountRm);
  return [...added, ...present.filter(({ Target }) => !targets.has(Target))]
    .filter(({ Target = "" }) => !remove.includes(Target))
    .toSorted((a, b) => (sortKey(a) < sortKey(b) ? -1 : 1));
};

const changeUlimits = (present: readonly Ulimit[] = [], flags: Flags): readonly Ulimit[] => {
  const remove = flags.all(kernel.ulimitRm).map((entry) => cut(entry)[0]);
  const kept = present.filter(({ Name }) => !remove.includes(Name));
  const limits = new Map(
    [...kept, ...flags.all(kernel.ulimitAdd)].map((limit) => [limit.Name, limit]),
  );
  return [...limits.values()].toSorted((a, b) => (a.Name < b.Name ? -1 : 1));
};

const changeDns = (present: DNSConfig = {}, flags: Flags): DNSConfig => {
  const part = (list: readonly string[] | undefined, add: Flag<string>, rm: Flag<string>) =>
    changeList(list, flags.all(add), flags.all(rm));
  const servers = part(present.Nameservers, network.dnsAdd, network.dnsRm);
  const search = part(present.Search, network.dnsSearchAdd, network.dnsSearchRm);
  const options = part(present.Options, network.dnsOptionAdd, network.dnsOptionRm);
  return {
    ...(servers.length > 0 ? { Nameservers: servers } : {}),
    ...(search.length > 0 ? { Search: search } : {}),
    ...(options.length > 0 ? { Options: options } : {}),
  };
};

const changeHealth = (present: HealthConfig = {}, flags: Flags): HealthConfig => {
  const { none, ...settings } = health;
  const { cmd, interval, timeout, startPeriod, startInterval, retries } = settings;
  if (flags.on(none)) {
    if (flags.changed(...Object.values(settings)))
      throw new CommandError("--no-healthcheck conflicts with --health-* options");
    return { Test: ["NONE"] };
  }
  const { Test: test, ...rest } = present;
  const line = flags.get(cmd);
  const former = test?.[0] === "NONE" ? undefined : test;
  const wanted = line === undefined ? former : line === "" ? undefined : ["CMD-SHELL", line];
  const set = (name: keyof HealthConfig, flag: Flag<number>): HealthConfig => {
    const value = flags.get(flag);
    return value === undefined ? {} : { [name]: value };
  };
  return {
    ...rest,
    ...(wanted ? { Test: wanted } : {}),
    ...set("Interval", interval),
    ...set("Timeout", timeout),
    ...set("Retries", retries),
    ...set("StartPeriod", startPeriod),
    ...set("StartInterval", startInterval),
  };
};

type Change = Partial<{ [K in keyof ContainerSpec]: ContainerSpec[K] | undefined }>;

/** Fields whose flag simply replaces them. */
const replaced = (flags: Flags): Change => {
  const isolation = flags.get(container.isolation);
  const all: Change = {
    Image: flags.get(metadata.image),
    Args: flags.get(metadata.args),
    Command: flags.get(container.entrypoint),
    Dir: flags.get(container.workdir),
    User: flags.get(container.user),
    Hostname: flags.get(container.hostname),
    Init: flags.get(container.init),
    Isolation: isolation as NonNullable<ContainerSpec["Isolation"]> | undefined,
    OomScoreAdj: flags.get(container.oomScoreAdj),
    StopGracePeriod: flags.get(container.stopGrace),
    TTY: flags.get(container.tty),
    ReadOnly: flags.get(container.readOnly),
    StopSignal: flags.get(container.stopSignal),
  };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined));
};

const capabilities = (spec: ContainerSpec, flags: Flags): Change => {
  if (!flags.changed(container.capAdd, container.capDrop)) return {};
  const { CapabilityAdd: add = [], CapabilityDrop: drop = [] } = spec;
  const changed = changeCapabilities(
    { add, drop },
    flags.all(container.capAdd),
    flags.all(container.capDrop),
  );
  return { CapabilityAdd: changed.add, CapabilityDrop: changed.drop };
};

/** Fields that change only when one of their flags is given. */
const amended = (spec: ContainerSpec, flags: Flags): Change => {
  const { dnsAdd, dnsRm, dnsOptionAdd, dnsOptionRm, dnsSearchAdd, dnsSearchRm } = network;
  const dns = [dnsAdd, dnsRm, dnsOptionAdd, dnsOptionRm, dnsSearchAdd, dnsSearchRm];
  const { groupAdd, groupRm } = metadata;
  const { hostAdd, hostRm } = network;
  return {
    ...capabilities(spec, flags),
    ...(flags.changed(groupAdd, groupRm)
      ? { Groups: changeList(spec.Groups, flags.all(groupAdd), flags.all(groupRm)) }
      : {}),
    ...(flags.changed(...dns) ? { DNSConfig: changeDns(spec.DNSConfig, flags) } : {}),
    ...(flags.changed(hostAdd, hostRm)
      ? { Hosts: changeHosts(spec.Hosts ?? [], flags.all(hostAdd), flags.all(hostRm)) }
      : {}),
    ...(flags.changed(...Object.values(health))
      ? { Healthcheck: changeHealth(spec.Healthcheck, flags) }
      : {}),
  };
};

const isEmptyList = (value: unknown): boolean => Array.isArray(value) && value.length === 0;

/** The container of a service after `service update`, without secrets and configs. */
export const changeContainer = (spec: ContainerSpec, flags: Flags): ContainerSpec => {
  const { containerLabelAdd, containerLabelRm } = metadata;
  const changed: Change = {
    ...spec,
    Labels: changeMap(spec.Labels, flags.all(containerLabelAdd), flags.all(containerLabelRm)),
    Env: changeEnv(spec.Env, flags),
    Mounts: changeMounts(spec.Mounts, flags),
    Sysctls: changeMap(
      spec.Sysctls,
      flags.all(kernel.sysctlAdd),
      flags.all(kernel.sysctlRm).map((entry) => cut(entry)[0]),
    ),
    Ulimits: changeUlimits(spec.Ulimits, flags),
    ...replaced(flags),
    ...amended(spec, flags),
  };
  // An emptied list goes, as it would when the service was created without it.
  return Object.fromEntries(
    Object.entries(changed).filter(([, value]) => value !== undefined && !isEmptyList(value)),
  );
};
