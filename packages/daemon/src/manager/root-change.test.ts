// Goal: what an update of the settings makes of the root, in Docker's words; and what the authority
// then issues. Method: the real store, real keys.
import { silentLogger } from "@skein/base";
import type { ClusterUpdate, NewCluster } from "@skein/manager";
import {
  AddressAllocator,
  bootstrapCluster,
  Leader,
  theCluster,
  updateCluster,
} from "@skein/manager";
import type { RootCa } from "@skein/model";
import {
  createCertificateRequest,
  createRootAuthority,
  issueOwnCredentials,
  leafOf,
  newJoinToken,
  newSigner,
  readIdentity,
  rootDigest,
  systemClock,
  systemRandom,
  verifyChain,
} from "@skein/platform";
import type { AuthorityHandler, Credentials } from "@skein/platform";
import { openMemoryLog, Store } from "@skein/store";
import type { CAConfig } from "@skein/wire";
import { beforeEach, expect, test } from "vitest";
import { initialSwarmSpec } from "../membership/swarm-spec.ts";
import { newAuthority } from "./authority.ts";
import { planRootChange } from "./root-change.ts";

const HOUR = 3_600_000;
const identity = { nodeId: "m1", role: "manager", clusterId: "c1" } as const;
const noFlags = {
  rotateWorkerToken: false,
  rotateManagerToken: false,
  rotateManagerUnlockKey: false,
};

let store: Store;
let authority: AuthorityHandler;
let own: Credentials;

const emptySpec = initialSwarmSpec(
  {
    Name: "default",
    Labels: {},
    Orchestration: {},
    Raft: { ElectionTick: 0, HeartbeatTick: 0 },
    Dispatcher: {},
    CAConfig: {},
    TaskDefaults: {},
    EncryptionConfig: { AutoLockManagers: false },
  },
  false,
);

const newCluster = (rootCa: RootCa): NewCluster => {
  let ids = 0;
  return {
    id: "c1",
    spec: emptySpec,
    rootCa,
    joinTokens: {
      worker: newJoinToken(rootCa.certificate, systemRandom),
      manager: newJoinToken(rootCa.certificate, systemRandom),
    },
    unlockKey: "",
    defaultAddrPool: ["10.0.0.0/8"],
    subnetSize: 24,
    dataPathPort: 4789,
    firstNode: { id: "m1", role: "manager", availability: "active" },
    newId: () => `id${(ids += 1)}`,
  };
};

beforeEach(async () => {
  const log = openMemoryLog();
  const parts = { clock: systemClock, random: systemRandom, logger: silentLogger };
  store = await Store.open(log, systemClock);
  const leader = new Leader({ store, allocator: new AddressAllocator(), ...parts });
  leader.start(await log.campaign("m1", new AbortController().signal));
  const root = await createRootAuthority(Date.now());
  await store.transact((tx) => bootstrapCluster(tx, newCluster(root)));
  const content = { identity, now: Date.now(), lifetimeMs: HOUR };
  own = await issueOwnCredentials(await newSigner(root), root.certificate, content);
  const checkCanGrow = (): Promise<void> => Promise.resolve();
  authority = newAuthority({ store, ...parts, credentials: () => own, checkCanGrow });
  return () => leader.stop();
});

const cluster = () => theCluster(store.view);

const updateWith = (CAConfig: CAConfig): ClusterUpdate => {
  const { spec, version } = cluster();
  return { version, spec: { ...spec, CAConfig }, flags: noFlags };
};

const plan = (update: ClusterUpdate): Promise<RootCa> =>
  planRootChange(store.view, update, {
    clock: systemClock,
    logger: silentLogger,
    credentials: () => own,
  });

const change = async (settings: CAConfig): Promise<RootCa> => {
  const update = updateWith(settings);
  const rootCa = await plan(update);
  await store.transact((tx) => updateCluster(tx, systemRandom, { ...update, rootCa }, () => ""));
  return cluster().rootCa;
};

const renew = async (): Promise<string> => {
  const { csr } = await createCertificateRequest();
  return (await authority.requestCertificate({ csr }, identity)).certificate;
};

test("settings that say nothing of the root leave it as it is", async () => {
  const { rootCa } = cluster();
  expect(await change({ NodeCertExpiry: 2 * HOUR * 1e6 })).toEqual(rootCa);
});

test("force: a new root, certified by the present one, and certificates of it at once", async () => {
  const { rootCa, joinTokens } = cluster();
  const { rotation, ...present } = await change({ ForceRotate: 1 });
  expect(present).toEqual(rootCa);
  expect(rotation?.digest).toBe(rootDigest(rotation?.certificate ?? ""));
  expect(leafOf(rotation?.crossSigned ?? "").verify(leafOf(rootCa.certificate).publicKey)).toBe(
    true,
  );
  // Who joins with a token of the present root finds that root, and can follow.
  expect(cluster().joinTokens).toEqual(joinTokens);
  expect(authority.rootCertificate()).toBe(rootCa.certificate);
  const chain = await renew();
  for (const trust of [rootCa.certificate, rotation?.certificate ?? ""])
    expect(readIdentity(verifyChain(chain, trust, Date.now()))).toEqual(identity);
  expect(leafOf(chain).verify(leafOf(rotation?.certificate ?? "").publicKey)).toBe(true);
});

test("a root that somebody brings; neither it nor its key stay in the settings", async () => {
  const theirs = await createRootAuthority(Date.now());
  const settings = { SigningCACert: theirs.certificate, SigningCAKey: theirs.key };
  const { rotation } = await change(settings);
  expect(rotation).toMatchObject(theirs);
  expect(cluster().spec.CAConfig).toEqual({});
});

test("back to the present root during a rotation: the rotation ends, nodes are to come back", async () => {
  const { rootCa } = cluster();
  await change({ ForceRotate: 1 });
  const back = { SigningCACert: rootCa.certificate, SigningCAKey: rootCa.key, ForceRotate: 1 };
  expect(await change(back)).toEqual(rootCa);
  expect(leafOf(await renew()).verify(leafOf(rootCa.certificate).publicKey)).toBe(true);
});

test("without key and external authority there is nothing to sign with", async () => {
  const { certificate } = await createRootAuthority(Date.now());
  const reason = "there must be at least one valid, reachable external CA corresponding to the";
  await expect(plan(updateWith({ SigningCACert: certificate }))).rejects.toMatchObject({
    kind: "invalid-parameter",
    rpc: true,
    message: `${reason} desired CA certificate`,
  });
  await expect(plan(updateWith({ SigningCAKey: "k" }))).rejects.toThrow(
    "if a signing CA key is provided, the signing CA cert must also be provided",
  );
});

test("an old version is refused before anything is made", async () => {
  const update = { ...updateWith({ ForceRotate: 1 }), version: 0 };
  await expect(plan(update)).rejects.toThrow("update out of sequence");
});

test("a removed node gets no certificate", async () => {
  const gone = { ...identity, nodeId: "n9" };
  const { csr } = await createCertificateRequest();
  await expect(authority.requestCertificate({ csr }, gone)).rejects.toMatchObject({
    kind: "not-found",
  });
});

test("the settings' expiry counts for the next certificate, and is recorded", async () => {
  await change({ NodeCertExpiry: 2 * HOUR * 1e6 });
  const end = Date.parse(leafOf(await renew()).validTo);
  expect(Math.abs(end - (Date.now() + 2 * HOUR))).toBeLessThan(60_000);
  expect(store.view.get("nodes", "m1")?.certificateExpires).toBe(end);
});
