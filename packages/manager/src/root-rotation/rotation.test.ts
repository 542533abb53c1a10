// Goal: a rotation ends when every node has followed, not before; the certificates of removed nodes
// are refused as long as they could live. Method: the real pipeline in virtual time.
import { silentLogger } from "@skein/base";
import type { Cluster, NextRoot, Node } from "@skein/model";
import type { Draft } from "@skein/store";
import { expect, test } from "vitest";
import { removeNode } from "../control-api/nodes.ts";
import { clusterMessage } from "../dispatcher/cluster-message.ts";
import { isRevoked, recordCertificate, theCluster } from "../membership/admission.ts";
import { toClusterInfo } from "../present/cluster.ts";
import { aNode } from "../testing/builders.ts";
import { TestCluster } from "../testing/test-cluster.ts";
import { rootChangeOf, withKnownRoot, withRotation } from "./change.ts";

const DAY = 24 * 3_600_000;
const first = { certificate: "A\n", key: "a", issuer: { subject: "ca", publicKey: "A" } };
const nextRoot = (name: string): NextRoot => ({
  certificate: `${name}\n`,
  key: name.toLowerCase(),
  issuer: { subject: "ca", publicKey: name },
  crossSigned: `${name} by A\n`,
  digest: `digest-of-${name}`,
});

const nodeWith = (id: string, publicKey: string | undefined): Draft<Node> => {
  const TLSInfo = { CertIssuerSubject: "ca", CertIssuerPublicKey: publicKey ?? "" };
  const { description: _, ...node } = aNode(id);
  if (publicKey === undefined) return node;
  return { ...node, description: { Platform: {}, Resources: {}, Engine: {}, TLSInfo } };
};

const open = async (...nodes: readonly Draft<Node>[]): Promise<TestCluster> => {
  const cluster = await TestCluster.open({ nodes, logger: silentLogger });
  await change(cluster, (one) => ({ ...one, rootCa: first }));
  return cluster;
};

const change = (cluster: TestCluster, edit: (one: Cluster) => Draft<Cluster>) =>
  cluster.edit((tx) => tx.put("clusters", edit(theCluster(tx))));

const rotateTo = (cluster: TestCluster, name: string) =>
  change(cluster, (one) => ({ ...one, rootCa: withRotation(one.rootCa, nextRoot(name)) }));

test("ends when the last node has said that its certificate is of the next root", async () => {
  const cluster = await open(nodeWith("n1", "A"), nodeWith("n2", "A"));
  await rotateTo(cluster, "B");
  await cluster.edit((tx) => tx.put("nodes", nodeWith("n1", "B")));
  expect(theCluster(cluster.view).rootCa.rotation).toMatchObject({ certificate: "B\n" });
  await cluster.changeLeader();
  await cluster.edit((tx) => tx.put("nodes", nodeWith("n2", "B")));
  const { rootCa, joinTokens } = theCluster(cluster.view);
  const { crossSigned: _, digest, ...root } = nextRoot("B");
  expect(rootCa).toEqual(root);
  for (const token of [joinTokens.worker, joinTokens.manager])
    expect(token).toMatch(new RegExp(`^SWMTKN-1-${digest}-[0-9a-z]{25}$`, "u"));
  expect(joinTokens.worker).not.toBe(joinTokens.manager);
});

test("a node that is down, or was never heard of, holds it up until it is removed", async () => {
  const down = {
    ...nodeWith("n2", "A"),
    status: { state: "down", message: "", addr: "" },
  } as const;
  const unheard = { ...nodeWith("n3", undefined), status: { ...down.status } };
  const cluster = await open(nodeWith("n1", "B"), down, unheard);
  await rotateTo(cluster, "B");
  for (const id of ["n2", "n3"]) {
    expect(theCluster(cluster.view).rootCa.rotation).toBeDefined();
    await cluster.edit((tx) => removeNode(tx, { id, force: false }));
  }
  expect(theCluster(cluster.view).rootCa).toMatchObject({ certificate: "B\n" });
  expect(theCluster(cluster.view).rootCa.rotation).toBeUndefined();
});

test("agents are told both roots and the next issuer, people the present root", async () => {
  const cluster = await open(nodeWith("n1", "A"));
  const told = () => clusterMessage(cluster.view, "n1");
  expect(told()).toMatchObject({ rootCertificate: "A\n", issuer: first.issuer });
  await rotateTo(cluster, "B");
  expect(told()).toMatchObject({ rootCertificate: "A\nB\n", issuer: { publicKey: "B" } });
  const info = toClusterInfo(theCluster(cluster.view));
  expect(info.RootRotationInProgress).toBe(true);
  expect(info.TLSInfo).toEqual({
    TrustRoot: "A\n",
    CertIssuerSubject: "ca",
    CertIssuerPublicKey: "B",
  });
  expect(JSON.stringify(info)).not.toContain('"b"');
});

test("a second rotation takes the place of the first, and the way back ends it", async () => {
  const cluster = await open(nodeWith("n1", "A"), nodeWith("n2", "A"));
  await rotateTo(cluster, "B");
  await rotateTo(cluster, "C");
  await cluster.edit((tx) => {
    tx.put("nodes", nodeWith("n1", "B"));
    tx.put("nodes", nodeWith("n2", "B"));
  });
  const { rootCa } = theCluster(cluster.view);
  expect(rootCa).toMatchObject({ certificate: "A\n", rotation: { certificate: "C\n" } });
  expect(withKnownRoot(rootCa, first)).toEqual(first);
  expect(withKnownRoot(rootCa, nextRoot("B"))).toBeUndefined();
  // The same root again, whose key an external authority has taken over.
  const same = withKnownRoot(rootCa, { ...nextRoot("C"), key: "" });
  expect(same).toEqual({ ...rootCa, rotation: { ...nextRoot("C"), key: "" } });
});

test("what an update asks of the root", () => {
  expect(rootChangeOf({}, {})).toEqual({ kind: "none" });
  expect(rootChangeOf({ ForceRotate: 2 }, { ForceRotate: 2 })).toEqual({ kind: "none" });
  expect(rootChangeOf({}, { ForceRotate: 1 })).toEqual({ kind: "generate" });
  const given = { SigningCACert: "c", SigningCAKey: "k", ForceRotate: 1 };
  expect(rootChangeOf({}, given)).toEqual({ kind: "replace", certificate: "c", key: "k" });
  expect(() => rootChangeOf({}, { SigningCAKey: "k" })).toThrow(
    "if a signing CA key is provided, the signing CA cert must also be provided",
  );
});

const settings = (cluster: TestCluster, NodeCertExpiry: number) =>
  change(cluster, (one) => ({ ...one, spec: { ...one.spec, CAConfig: { NodeCertExpiry } } }));

test("a removed node stays refused a week longer than its certificate lives, then is forgotten", async () => {
  const cluster = await open(aNode("n1"), nodeWith("n2", "A"));
  const expires = cluster.now + 90 * DAY;
  await cluster.edit((tx) => recordCertificate(tx, "n2", expires));
  // The setting was made shorter after the certificate went out.
  await settings(cluster, 3600 * 1e9);
  await cluster.edit((tx) => removeNode(tx, { id: "n2", force: true }));
  expect(theCluster(cluster.view).revoked).toEqual({ n2: expires + 7 * DAY });
  expect(cluster.wakeAt).toBe(expires + 7 * DAY);
  cluster.now = expires + 7 * DAY - 1;
  await cluster.edit((tx) => tx.put("nodes", aNode("n1")));
  expect(isRevoked(cluster.view, "n2")).toBe(true);
  cluster.now += 1;
  await cluster.edit(() => {});
  expect(isRevoked(cluster.view, "n2")).toBe(false);
});

test("without a record of its certificate a node is refused for the longest life", async () => {
  const cluster = await open(aNode("n1"), nodeWith("n2", "A"));
  await settings(cluster, 0);
  await cluster.edit((tx) => removeNode(tx, { id: "n2", force: true }));
  expect(theCluster(cluster.view).revoked).toEqual({ n2: cluster.now + 97 * DAY });
});

test("a node that was removed meanwhile gets no certificate", async () => {
  const cluster = await open(aNode("n1"));
  await expect(
    cluster.edit((tx) => recordCertificate(tx, "gone", cluster.now)),
  ).rejects.toMatchObject({ kind: "unauthorized" });
});
