// npm run bench: Quorate and real etcd under the same load. The work is in tests/bench; this bundles and starts it.
//
//   npm run bench -- --quick --only put --rounds 3 --json out.json --servers etcd-3.7,quorate --clients 1,1000
import { join } from "node:path";
import { bundle } from "./lib/bundle.mjs";
import { root, run } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

if (!(await setup())) process.exit(1);
const program = join(root, "tests/bench/dist/main.mjs");
await bundle(join(root, "tests/bench/main.ts"), program);
const args = ["--enable-source-maps", program, ...process.argv.slice(2)];
const { code } = await run(process.execPath, args, { cwd: process.cwd(), timeoutMs: 7_200_000 });
process.exitCode = code;
