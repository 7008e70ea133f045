// npm run plots: draws docs/figures/*.svg from what `npm run bench -- --growth --json docs/figures/….json` recorded.
import { becomeProgram } from "./lib/program.mjs";

await becomeProgram("tests/bench/plots.ts", process.argv.slice(2));
