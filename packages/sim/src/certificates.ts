import type { CertificateNews, NodeCertificates } from "@skein/agent";
import { OperationError } from "@skein/base";
import { issuingRoot, trustedRoots } from "@skein/manager";
import type { CertificateIssuer, NextRoot, RootCa } from "@skein/model";
import type { TLSInfo } from "@skein/wire";
import type { Process } from "./process.ts";

/** The subject of every root. */
const SUBJECT = "swarm-ca";
const LIFE_MS = 90 * 24 * 3_600_000;
/** Milliseconds that a save takes. */
const SAVE_MS = 3;

/**
 * What a node proves itself with, without cryptography: roots are names, one a line, and a certificate
 * says which root issued it, and which roots have certified that one.
 */
export interface SimCredentials {
  readonly roots: string;
  readonly issuer: string;
  readonly links: readonly string[];
}

const issuerOf = (name: string): CertificateIssuer => ({ subject: SUBJECT, publicKey: name });

const nameOf = (certificate: string): string => certificate.trim();

/** The root that a cluster begins with. */
export const firstRoot: RootCa = { certificate: "root0\n", key: "k", issuer: issuerOf("root0") };

/** A root to rotate to, certified by the present one. */
export const nextRoot = (name: string, present: RootCa): NextRoot => ({
  certificate: `${name}\n`,
  key: "k",
  issuer: issuerOf(name),
  crossSigned: `${name} by ${nameOf(present.certificate)}\n`,
  digest: name,
});

/** What the authority of a cluster with this root gives out now. */
export const issue = (rootCa: RootCa): SimCredentials => {
  const { certificate, crossSigned } = issuingRoot(rootCa);
  const links = crossSigned === undefined ? [] : [nameOf(rootCa.certificate)];
  return { roots: trustedRoots(rootCa), issuer: nameOf(certificate), links };
};

/** Whether who trusts `roots` believes the holder of a certificate. */
const believes = (roots: string, { issuer, links }: SimCredentials): boolean =>
  [issuer, ...links].some((name) => roots.split("\n").includes(name));

/** Whether two nodes can make a connection. */
export const trustEachOther = (a: SimCredentials, b: SimCredentials): boolean =>
  believes(a.roots, b) && believes(b.roots, a);

/** What a node reports of its certificate. */
export const tlsInfoOf = ({ roots, issuer }: SimCredentials): TLSInfo => ({
  TrustRoot: roots,
  CertIssuerSubject: SUBJECT,
  CertIssuerPublicKey: issuer,
});

/** A machine's credentials: on its disk, and as its programs use them. */
export class SimCertificates {
  /** What is on the disk. */
  stored: SimCredentials;

  constructor(first: SimCredentials) {
    this.stored = first;
  }

  /**
   * As one process has them. `renew` asks the authority; `onChange` is called with what is new. A save
   * that the process does not live to see is lost.
   */
  partsFor(
    process: Process,
    role: "worker" | "manager",
    renew: (signal: AbortSignal) => Promise<SimCredentials>,
    onChange: () => void,
  ): NodeCertificates {
    const use = async (credentials: SimCredentials): Promise<void> => {
      await process.sleep(SAVE_MS);
      this.stored = credentials;
      onChange();
    };
    const issued = process.clock.now();
    return {
      tlsInfo: () => tlsInfoOf(this.stored),
      role: () => role,
      life: () => ({ issued, expires: issued + LIFE_MS }),
      renew: async (signal) => use(await renew(signal)),
      trust: async (roots) => {
        if (!believes(roots, this.stored))
          throw new OperationError("forbidden", "its own certificate is of another root");
        await use({ ...this.stored, roots });
      },
    };
  }
}

/** What a manager says to its own node. */
export const newsOf = (rootCa: RootCa): CertificateNews => ({
  role: "manager",
  rootCertificate: trustedRoots(rootCa),
  issuer: issuingRoot(rootCa).issuer,
});
