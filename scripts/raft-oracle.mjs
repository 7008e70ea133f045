// npm run raft-oracle -- --schedules N --seed S [--jobs 2]: random schedules to our raft core and to the Go library,
// compared after each step.
//
//   --schedule "3 3 0 …;0 1;…"   one schedule, as a difference reports it
//   --differences N              goes on until N seeds differ, and names them (1: tells the first one in full)
//
// The work is in tests/interop/raft-oracle; this bundles and starts it.
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { bundle } from "./lib/bundle.mjs";
import { root } from "./lib/run.mjs";

const program = join(root, "node_modules/.cache/programs/raft-oracle.mjs");
await bundle(join(root, "tests/interop/raft-oracle/campaign.ts"), program);
process.setSourceMapsEnabled(true);
const { main } = await import(pathToFileURL(program).href);
process.exitCode = await main(process.argv.slice(2), console.log);
