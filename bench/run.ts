// `npm run bench`: all benchmarks, or those named on the command line (e.g. `npm run bench -- scheduling`).
import { capacity } from "./capacity.ts";
import { etcd } from "./etcd.ts";
import { network } from "./network.ts";
import { networkTables } from "./network-tables.ts";
import { rpc } from "./rpc.ts";
import { scheduling } from "./scheduling.ts";
import { services } from "./services.ts";
import { stateMove } from "./state-move.ts";
import type { Row } from "./table.ts";
import { table } from "./table.ts";

/** Each gives rows of a table, or a table of its own. */
const suites: Readonly<Record<string, () => Promise<readonly Row[] | string>>> = {
  scheduling,
  services,
  capacity,
  rpc,
  "state-move": stateMove,
  etcd,
  ...(process.getuid?.() === 0 ? { network, "network-tables": networkTables } : {}),
};

const chosen = process.argv.slice(2);
for (const [name, run] of Object.entries(suites)) {
  if (chosen.length > 0 && !chosen.includes(name)) continue;
  const found = await run();
  process.stdout.write(`\n## ${name}\n\n${typeof found === "string" ? found : table(found)}\n`);
}
