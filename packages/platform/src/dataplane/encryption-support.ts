import { hkdfSync } from "node:crypto";
import type { DeriveKey } from "@skein/agent";
import { KEY_BYTES } from "@skein/agent";
import { messageOf } from "@skein/base";
import type { EncryptionSupport } from "@skein/model";
import type { Programs } from "./programs.ts";

/** HKDF with SHA-256 (RFC 5869). */
export const deriveKey: DeriveKey = (secret, purpose) =>
  Buffer.from(hkdfSync("sha256", Buffer.from(secret, "hex"), "", purpose, KEY_BYTES)).toString(
    "hex",
  );

/** No secret: it is used in a network namespace that nobody is in. */
const TRIAL = `0x${"01".repeat(KEY_BYTES)}`;

const trial = (source: string, destination: string): string =>
  `ip xfrm state add src ${source} dst ${destination} proto esp spi 0x100 reqid 1 mode transport aead 'rfc4106(gcm(aes))' ${TRIAL} 128`;

const PROBES = [
  {
    feature: "IPsec (CONFIG_XFRM_USER)",
    script:
      "ip xfrm policy update src 127.0.0.1/32 dst 127.0.0.2/32 proto 17 dport 4790 dir out priority 84 action block",
  },
  {
    feature: "IPsec ESP with AES-GCM (CONFIG_INET_ESP, CONFIG_CRYPTO_GCM)",
    script: trial("127.0.0.1", "127.0.0.2"),
  },
  {
    feature: "IPsec ESP over IPv6 (CONFIG_INET6_ESP)",
    script: `test ! -e /proc/sys/net/ipv6 || ${trial("::1", "::2")}`,
  },
  {
    feature: "matching of IPsec with nftables (CONFIG_NF_TABLES with CONFIG_XFRM)",
    script:
      "echo 'table inet t { chain o { type filter hook output priority 0; udp dport 4790 rt ipsec missing drop; }; chain i { type filter hook input priority 0; udp dport 4790 meta ipsec missing drop; }; }' | nft -f -",
  },
] as const;

/**
 * Tries what encrypted networks need, in a network namespace of its own. Modules are loaded by the kernel
 * as they are asked for.
 */
export const findEncryptionSupport = async (programs: Programs): Promise<EncryptionSupport> => {
  for (const { feature, script } of PROBES)
    try {
      const { code, stderr } = await programs.run("unshare", ["--net", "sh", "-c", script]);
      if (code === 0) continue;
      const said = stderr.trim().split("\n", 1)[0] ?? "";
      return { supported: false, reason: `this node's kernel lacks ${feature}: ${said}` };
    } catch (error) {
      return { supported: false, reason: messageOf(error) };
    }
  return { supported: true };
};
