import type { CertificateLife } from "@skein/agent";
import { leafOf, validityOf } from "../shared/trust.ts";
import { BACKDATE_MS } from "./root-authority.ts";

/** When a node's certificate (the first of its chain) was issued, and when it expires. */
export const lifeOf = (chainPem: string): CertificateLife => {
  const { notBefore, notAfter } = validityOf(leafOf(chainPem));
  return { issued: Math.min(notBefore + BACKDATE_MS, notAfter), expires: notAfter };
};
