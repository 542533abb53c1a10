const CERTIFICATE = /-----BEGIN CERTIFICATE-----([^-]*)-----END CERTIFICATE-----/gu;

/** DER as a PEM block of the given label: 64 characters a line, newline at the end. */
export const toPem = (label: string, der: Uint8Array): string => {
  const lines =
    Buffer.from(der)
      .toString("base64")
      .match(/.{1,64}/gu) ?? [];
  return `-----BEGIN ${label}-----\n${lines.join("\n")}\n-----END ${label}-----\n`;
};

/**
 * The certificates of a PEM bundle, each in the one normal form, so that equal bundles have equal
 * text (and digest) whoever wrote them. Text around the blocks is dropped.
 */
export const splitCertificates = (bundle: string): readonly string[] =>
  [...bundle.matchAll(CERTIFICATE)].map(([, body = ""]) =>
    toPem("CERTIFICATE", Buffer.from(body, "base64")),
  );

/** A bundle in the one normal form: see {@link splitCertificates}. */
export const normalCertificates = (bundle: string): string => splitCertificates(bundle).join("");
