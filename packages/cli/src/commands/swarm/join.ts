import type { Run } from "../../command/spec.ts";
import { addressFlags, tokenFlag } from "./flags.ts";
import { availabilityOf } from "./output.ts";

/** `skein swarm join`. */
export const run: Run = async (context, flags, [remote = ""]) => {
  const client = context.client();
  const availability = availabilityOf(flags);
  await client.swarm.join({
    ListenAddr: flags.get(addressFlags.listen) ?? "0.0.0.0:2377",
    AdvertiseAddr: flags.get(addressFlags.advertise) ?? "",
    DataPathAddr: flags.get(addressFlags.dataPath) ?? "",
    RemoteAddrs: [remote],
    JoinToken: flags.get(tokenFlag) ?? "",
    Availability: availability,
  });
  const { Swarm } = await client.system.info();
  const role = Swarm.ControlAvailable ? "manager" : "worker";
  context.out(`This node joined a swarm as a ${role}.\n`);
};
