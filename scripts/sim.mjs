// npm run sim: the deterministic simulator. It is bundled and started in this process.
//
//   npm run sim -- --seed 7
//   npm run sim -- --seeds 1000 --jobs 2
import { becomeProgram } from "./lib/program.mjs";

await becomeProgram("packages/sim/src/world/bin/sim.ts", process.argv.slice(2));
