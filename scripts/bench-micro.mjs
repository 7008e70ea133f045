// npm run bench:micro: bundles and runs every packages/*/src/**/*.bench.ts and prints what each layer costs beside its
// budget. CONTRIBUTING.md has the convention: with BENCH_JSON=1 a benchmark prints lines like
//   {"layer":"wal","what":"append, 300 bytes","unit":"µs","value":0.8,"budget":2}
// and whatever else it prints is shown as it is.
//
//   npm run bench:micro -- backend codec     only files whose path contains one of these
import { existsSync, readdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { bundle } from "./lib/bundle.mjs";
import { root, run } from "./lib/run.mjs";

/** The budgets of the design, for lines that bring none of their own: layer, what (a pattern), unit, at most. */
const budgets = [
  ["grpc", /unary|call/i, "µs", 5],
  ["api", /put.*encode|encode.*put|put.*decode|decode.*put/i, "µs", 0.5],
  ["raft", /propose|step/i, "µs", 4],
  ["wal", /append/i, "µs", 2],
  ["backend", /sequential.*put|put.*sequential/i, "µs", 2],
  ["backend", /(random|cached).*get|get.*(random|cached)/i, "µs", 1.5],
  ["backend", /range|row/i, "µs", 0.4],
  ["state", /apply/i, "µs", 7],
];

/** @param {{ layer: string, what: string, unit: string, budget?: number }} row @returns {number | undefined} */
function budgetOf({ layer, what, unit, budget }) {
  if (typeof budget === "number") return budget;
  const known = budgets.find(([name, pattern, of]) => name === layer && of === unit && pattern.test(what));
  return known?.[3];
}

/** @param {string} line @returns {object | undefined} a measurement, or undefined for text */
function parseLine(line) {
  if (!line.startsWith("{")) return undefined;
  try {
    const row = JSON.parse(line);
    return typeof row.layer === "string" && typeof row.value === "number" ? row : undefined;
  } catch {
    return undefined;
  }
}

function printRow(row) {
  const budget = budgetOf(row);
  const verdict = budget === undefined ? "" : row.value <= budget ? "within" : "OVER";
  const limit = budget === undefined ? "" : `${budget} ${row.unit}`;
  const value = `${Number(row.value.toPrecision(4))} ${row.unit}`;
  console.log(`${row.layer.padEnd(10)} ${row.what.padEnd(52)} ${value.padStart(14)} ${limit.padStart(12)}  ${verdict}`);
}

const wanted = process.argv.slice(2);
const files = readdirSync(join(root, "packages"))
  .filter((name) => existsSync(join(root, "packages", name, "src")))
  .flatMap((name) =>
    readdirSync(join(root, "packages", name, "src"), { recursive: true, encoding: "utf8" })
      .filter((path) => path.endsWith(".bench.ts"))
      .map((path) => `packages/${name}/src/${path}`),
  )
  .filter((path) => wanted.length === 0 || wanted.some((part) => path.includes(part)))
  .sort();
if (files.length === 0) console.log("no benchmarks match");

console.log(`${"layer".padEnd(10)} ${"what".padEnd(52)} ${"cost".padStart(14)} ${"budget".padStart(12)}`);
let failures = 0;
for (const file of files) {
  const program = join(root, "node_modules/.cache/bench", `${file.replaceAll("/", "-")}.mjs`);
  let output = "";
  try {
    await bundle(join(root, file), program);
    const env = { ...process.env, BENCH_JSON: "1" };
    const result = await run(process.execPath, ["--expose-gc", program], { env, capture: true, timeoutMs: 300_000 });
    output = result.output;
    if (result.code !== 0) throw new Error(`ended with ${result.code}`);
  } catch (error) {
    failures += 1;
    console.log(`${file} failed: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    rmSync(program, { force: true });
    rmSync(`${program}.map`, { force: true });
  }
  const lines = output.split("\n").filter((line) => line.trim() !== "");
  const rows = lines.map(parseLine);
  if (rows.some((row) => row === undefined)) console.log(`--- ${file}`);
  lines.forEach((line, i) => (rows[i] === undefined ? console.log(line) : printRow(rows[i])));
}
process.exitCode = failures > 0 ? 1 : 0;
