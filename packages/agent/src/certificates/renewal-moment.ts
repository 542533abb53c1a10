import type { Random } from "@skein/base";

/** The part of a certificate's life after which it is renewed (behaviour.md, 18.4). */
const EARLIEST = 0.5;
const LATEST = 0.8;

/** When a certificate was issued and when it expires: milliseconds since the epoch. */
export interface CertificateLife {
  readonly issued: number;
  readonly expires: number;
}

/**
 * When to renew a certificate, in milliseconds since the epoch: a random moment between 50 and
 * 80 % of its life, so that a cluster's nodes do not come at once.
 */
export const renewalMoment = ({ issued, expires }: CertificateLife, random: Random): number => {
  const part = EARLIEST + (LATEST - EARLIEST) * random.next();
  return issued + part * (expires - issued);
};
