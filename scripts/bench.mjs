// npm run bench: Quorate and real etcd under the same load. The work is in tests/bench; this bundles and starts it.
//
//   npm run bench -- --quick --only put --rounds 3 --json out.json --servers etcd-3.7,quorate --clients 1,1000
import { becomeProgram } from "./lib/program.mjs";
import { setup } from "./setup.mjs";

if (!(await setup())) process.exit(1);
await becomeProgram("tests/bench/main.ts", process.argv.slice(2));
