// node tests/interop/diff/main.mjs [--seeds 1..200] [--length 1000] [--etcd etcd-3.6,etcd-3.7] [--seconds 600]
//
// Random streams of calls to real etcd and to us, for longer than the tests do it; ends with a code other than 0 when
// answers differ or time runs out.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    seeds: { type: "string", default: "1..100" },
    length: { type: "string", default: "1000" },
    etcd: { type: "string", default: "etcd-3.6" },
    seconds: { type: "string", default: "600" },
  },
});

const root = fileURLToPath(new URL("../../..", import.meta.url));
const vitest = fileURLToPath(new URL("../../../node_modules/vitest/vitest.mjs", import.meta.url));
const env = {
  ...process.env,
  DIFF_SEEDS: values.seeds,
  DIFF_LENGTH: values.length,
  DIFF_ETCD: values.etcd,
  DIFF_UNTIL: String(Date.now() + Number(values.seconds) * 1000),
};
const child = spawn(process.execPath, [vitest, "run", "tests/interop/diff/streams.test.ts"], {
  cwd: root,
  env,
  stdio: "inherit",
});
child.on("exit", (code) => {
  process.exitCode = code ?? 1;
});
