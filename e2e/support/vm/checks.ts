/**
 * What is tried of encrypted networks on a kernel that has IPsec: runs as the only program of an emulated
 * machine (see encryption.test.ts). Each check prints one line.
 */
import { isDeepStrictEqual } from "node:util";
import type { NetworkKey, NetworkKeyRing } from "@skein/model";
import type { LabNetwork, LabTask, Underlay } from "../net/lab.ts";
import { Lab } from "../net/lab.ts";
import type { NetworkNamespace } from "../net/network-namespace.ts";

const print = (line: string): void => {
  process.stdout.write(`${line}\n`);
};

let failed = 0;

const check = async (name: string, run: () => Promise<unknown>): Promise<void> => {
  try {
    const found = await run();
    print(`CHECK ok ${name}${found === undefined ? "" : `: ${JSON.stringify(found)}`}`);
  } catch (error) {
    failed += 1;
    print(`CHECK failed ${name}: ${error instanceof Error ? error.message : String(error)}`);
  }
};

const equal = (found: unknown, wanted: unknown): void => {
  if (!isDeepStrictEqual(found, wanted))
    throw new Error(`${JSON.stringify(found)}, not ${JSON.stringify(wanted)}`);
};

const key = (number: number): NetworkKey => ({
  number,
  secret: number.toString(16).padStart(2, "0").repeat(32),
});

const ring = (number: number): NetworkKeyRing => ({
  previous: key(number - 1),
  current: key(number),
  next: key(number + 1),
  rotatedAt: 0,
});

const networks = {
  plain: { id: "blue0000000", name: "blue", vni: 4105, base: "10.0.5", base6: "fd05" },
  encrypted: {
    id: "red00000000",
    name: "red",
    vni: 4106,
    base: "10.0.6",
    base6: "fd06",
    encrypted: true,
  },
} as const satisfies Record<string, LabNetwork>;

/** Counts what passes between the nodes. */
const WATCH = `table bridge watch {
  counter sealed { }
  counter plain { }
  counter clear { }
  counter pieces { }
  chain pass {
    type filter hook forward priority 0;
    meta l4proto 50 counter name sealed
    udp dport 4789 counter name plain
    udp dport 4790 counter name clear
    ip frag-off & 0x3fff != 0 counter name pieces
    exthdr frag exists counter name pieces
  }
}`;

interface Wire {
  readonly esp: number;
  readonly plain: number;
  readonly clear: number;
  readonly pieces: number;
}

/** With br_netfilter, older kernels do not show IP packets to such a chain: here nobody needs it. */
const watch = (wire: NetworkNamespace): Promise<string> =>
  wire.sh(
    `sysctl -qw net.bridge.bridge-nf-call-iptables=0 net.bridge.bridge-nf-call-ip6tables=0; printf '%s' '${WATCH}' | nft -f -`,
  );

/** What has passed since it was asked last. */
const passed = async (wire: NetworkNamespace): Promise<Wire> => {
  const text = await wire.sh("nft reset counters table bridge watch");
  const count = (name: string): number =>
    Number(new RegExp(`counter ${name} \\{\\s*packets (\\d+)`).exec(text)?.[1] ?? Number.NaN);
  return {
    esp: count("sealed"),
    plain: count("plain"),
    clear: count("clear"),
    pieces: count("pieces"),
  };
};

const setUp = async (lab: Lab): Promise<void> => {
  await lab.open(2);
  for (const host of lab.hosts) host.keys = ring(2);
  lab.networks.push(networks.plain, networks.encrypted);
  await lab.apply();
  for (const at of [1, 2])
    for (const network of [networks.plain, networks.encrypted])
      await lab.start(`${network.name}${at}`, at, 30 + at, { networks: [network] });
  await lab.apply();
  await watch(lab.wire);
};

const addressOf = ({ networks: [network], last }: LabTask): string => `${network?.base}.${last}`;

/** Both protocols, both ways; nothing may get lost. */
const reach = async (one: LabTask, other: LabTask): Promise<void> => {
  for (const [from, to] of [
    [one, other],
    [other, one],
  ] as const)
    for (const protocol of ["tcp", "udp"] as const) {
      const host = addressOf(to);
      const result = await from.namespace.ask({ do: protocol, host, port: 80, count: 20 });
      equal(result, { answers: { [`${to.id} ${addressOf(from)}`]: 20 }, failed: [] });
    }
};

/** Packets that so many questions make at least, and what containers say by themselves meanwhile. */
const MOST = 160;
const FEW = 20;

const traffic = async (lab: Lab): Promise<void> => {
  await check("an encrypted network's traffic is ESP on the wire, and none is clear", async () => {
    await passed(lab.wire);
    await reach(lab.task("red1"), lab.task("red2"));
    const { esp, plain, clear } = await passed(lab.wire);
    equal([esp > MOST, plain < FEW, clear], [true, true, 0]);
    return { esp, plain };
  });
  await check("a plain network beside it is as before", async () => {
    await reach(lab.task("blue1"), lab.task("blue2"));
    const { esp, plain, clear } = await passed(lab.wire);
    equal([esp < FEW, plain > MOST, clear], [true, true, 0]);
    return { esp, plain };
  });
};

/** The greatest packet passes whole; one of 8 bytes more, sent past the device's limit, does not. */
const sizes = (lab: Lab, mtu: number): Promise<void> =>
  check(`packets of ${mtu} bytes pass in one piece, greater ones would not`, async () => {
    const from = lab.task("red1");
    const ping = (bytes: number): Promise<string> =>
      from.namespace.sh(`ping -c 3 -W 5 -s ${bytes - 28} ${addressOf(lab.task("red2"))}`);
    await passed(lab.wire);
    await ping(mtu);
    const whole = await passed(lab.wire);
    equal([whole.esp >= 6, whole.pieces], [true, 0]);
    for (const { host, namespace } of [from, lab.task("red2")]) {
      await namespace.sh(`ip link set eth0 mtu ${mtu + 8}`);
      await host.namespace.sh(
        `for device in $(ls /proc/sys/net/ipv4/conf | grep -E '^(sk|v)'); do ip link set $device mtu ${mtu + 8}; done`,
      );
    }
    // Over IPv6 they are lost.
    const answered = await ping(mtu + 8).then(
      () => true,
      () => false,
    );
    const { pieces } = await passed(lab.wire);
    equal(answered && pieces === 0, false);
    for (const { namespace } of [from, lab.task("red2")])
      await namespace.sh(`ip link set eth0 mtu ${mtu}`);
    for (const { dataplane } of lab.hosts) await dataplane.audit();
    return { answered, pieces };
  });

const audits = (lab: Lab): Promise<void> =>
  check("what was made is read back as it was wanted", async () => {
    for (const { dataplane } of lab.hosts) equal(await dataplane.compare(), []);
  });

/** Asks over UDP as long as `work` takes; each lost packet is a failure. */
const underLoad = async (lab: Lab, work: () => Promise<void>): Promise<number> => {
  const run = { over: false, asked: 0 };
  const load = (from: LabTask, to: LabTask) => async (): Promise<void> => {
    while (!run.over) {
      const count = 20;
      const result = await from.namespace.ask({ do: "udp", host: addressOf(to), port: 80, count });
      equal(result, { answers: { [`${to.id} ${addressOf(from)}`]: count }, failed: [] });
      run.asked += count;
    }
  };
  const [one, other] = [lab.task("red1"), lab.task("red2")];
  const loads = [load(one, other)(), load(other, one)()];
  await work().finally(() => {
    run.over = true;
  });
  await Promise.all(loads);
  return run.asked;
};

const rotations = (lab: Lab): Promise<void> =>
  check("eight rotations under load, one node after the other, lose no packet", async () => {
    const asked = await underLoad(lab, async () => {
      for (let number = 3; number <= 10; number += 1)
        // The other one goes first each time: who hears of it first differs.
        for (const host of number % 2 === 0 ? lab.hosts : lab.hosts.toReversed()) {
          host.keys = ring(number);
          await lab.applyAt(host);
        }
    });
    const { clear, esp } = await passed(lab.wire);
    equal(clear, 0);
    const [first] = lab.hosts;
    const states = await first?.namespace.sh("ip xfrm state list | grep -c spi");
    equal(states?.trim(), "4");
    return { asked, esp };
  });

const unanswered = async (lab: Lab): Promise<void> => {
  const command = `ping -c 3 -W 2 ${addressOf(lab.task("red2"))} >/dev/null && echo answered || true`;
  equal(await lab.task("red1").namespace.sh(command), "");
};

const closed = async (lab: Lab): Promise<void> => {
  const node = lab.host(1);
  const lose = (name: string, commands: string): Promise<void> =>
    check(`${name}: nothing leaves in the clear, and the next audit mends it`, async () => {
      await passed(lab.wire);
      await node.namespace.sh(commands);
      await unanswered(lab);
      const { clear } = await passed(lab.wire);
      equal(clear, 0);
      const { changes } = await node.dataplane.audit();
      await reach(lab.task("red1"), lab.task("red2"));
      return changes;
    });
  await lose("keys are lost", "ip xfrm state flush");
  await lose("policies are lost", "ip xfrm policy flush");
  await lose("both are lost", "ip xfrm state flush; ip xfrm policy flush");
};

/** A stranger on the nodes' segment sends frames of VXLAN in the clear. */
const strangers = (lab: Lab): Promise<void> =>
  check("clear packets for an encrypted network are not taken", async () => {
    const node = lab.host(1);
    const received = async (): Promise<number> => {
      const [link] = JSON.parse(
        await node.namespace.sh("ip -json -statistics link show skx-red0000000"),
      ) as readonly { readonly stats64: { readonly rx: { readonly packets: number } } }[];
      return link?.stats64.rx.packets ?? 0;
    };
    const stranger = await lab.stranger(networks.encrypted, 4790);
    const before = await received();
    await passed(lab.wire);
    await stranger.sh("ping -c 3 -W 1 10.0.6.1 >/dev/null || true");
    await stranger.sh("ip link del vx");
    const { clear } = await passed(lab.wire);
    equal([(await received()) - before, clear > 0], [0, true]);
    return { clear };
  });

const keyless = (lab: Lab): Promise<void> =>
  check("without keys the network is not made, and the plain one stays", async () => {
    const node = lab.host(1);
    node.keys = undefined;
    await passed(lab.wire);
    await lab.applyAt(node);
    await unanswered(lab);
    await reach(lab.task("blue1"), lab.task("blue2"));
    equal((await passed(lab.wire)).clear, 0);
    equal(await node.namespace.sh("ip xfrm state list; ip xfrm policy list"), "");
  });

const removal = (lab: Lab): Promise<void> =>
  check("who leaves keeps no trace", async () => {
    for (const { dataplane, namespace } of lab.hosts) {
      await dataplane.remove();
      equal(
        await namespace.sh(
          "ip xfrm state list; ip xfrm policy list; nft list tables | grep skein || true",
        ),
        "",
      );
    }
  });

const tryUnderlay = async (underlay: Underlay, mtu: number): Promise<void> => {
  print(`UNDERLAY ${underlay}`);
  const lab = new Lab(underlay, underlay);
  try {
    await setUp(lab);
    await traffic(lab);
    await audits(lab);
    await sizes(lab, mtu);
    if (underlay === "ip") {
      await rotations(lab);
      await audits(lab);
      await closed(lab);
      await strangers(lab);
      await keyless(lab);
    }
    await removal(lab);
  } finally {
    await lab.close();
  }
};

await check("the kernel is found able", async () => {
  const lab = new Lab("probe");
  await lab.open(1);
  equal(await lab.host(1).dataplane.encryption(), { supported: true });
  await lab.close();
});
await tryUnderlay("ip", 1416);
await tryUnderlay("ip6", 1396);
print(`FINISHED with ${failed} failed`);
