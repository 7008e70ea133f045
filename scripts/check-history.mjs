// npm run check-history FILE: judges what clients of an etcd recorded (docs/history-format.md) for linearizability.
//
// The last line is the verdict: `FILE: 12,345 operations, linearizable`, or the few operations that contradict each
// other, by line. The exit code is 0 for a linearizable history, 1 for another, 2 when the file is no history.
//
//   npm run check-history -- --judge revision FILE     asks one of the two judges only: revision, search
import { closeSync, openSync, readSync } from "node:fs";
import { join } from "node:path";
import { StringDecoder } from "node:string_decoder";
import { pathToFileURL } from "node:url";
import { bundle } from "./lib/bundle.mjs";
import { fail, parseArgs, root, since } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

const shownMax = 400;

/** The lines of a file, which need not fit into one string. */
function* linesOf(path) {
  const file = openSync(path, "r");
  try {
    const decoder = new StringDecoder("utf8");
    const chunk = Buffer.alloc(1 << 20);
    let rest = "";
    for (let length = readSync(file, chunk); length > 0; length = readSync(file, chunk)) {
      const lines = (rest + decoder.write(chunk.subarray(0, length))).split("\n");
      rest = lines.pop() ?? "";
      yield* lines;
    }
    yield rest + decoder.end();
  } finally {
    closeSync(file);
  }
}

function show(operation, line) {
  const { client, invoke, return: end, request, result } = operation;
  const text = `line ${line}: client ${client}, ${invoke} to ${end}: ${JSON.stringify(request)} → ${JSON.stringify(result)}`;
  return text.length <= shownMax ? text : `${text.slice(0, shownMax)}…`;
}

const { options, rest } = parseArgs(process.argv.slice(2), ["judge"]);
const { judge = "both" } = options;
const [path, ...more] = rest;
if (path === undefined || more.length > 0) fail("usage: npm run check-history -- [--judge revision|search] FILE");
if (!["both", "revision", "search"].includes(judge)) fail(`--judge is revision, search or both, not ${judge}`);
if (!(await setup())) process.exit(2);

const program = join(root, "packages/sim/dist/history.mjs");
await bundle("packages/sim/src/history/index.ts", program);
const { checkHistory, HistoryFormatError, parseHistory } = await import(pathToFileURL(program).href);

let recorded;
const started = performance.now();
try {
  recorded = parseHistory(linesOf(path));
} catch (error) {
  if (!(error instanceof HistoryFormatError) && error.code === undefined) throw error;
  fail(`${path}: ${error.message}`);
}
const { history, lines } = recorded;
if (lines.length === 0) fail(`${path}: holds no operations`);
const counted = `${lines.length.toLocaleString("en-US")} operations`;
console.log(`read in ${since(started)}; times are counted from the first`);
const judged = performance.now();
const verdict = checkHistory(history, { judge });
console.log(`judged in ${since(judged)}`);
if (verdict.outcome === "linearizable") {
  console.log(`${path}: ${counted}, linearizable`);
} else if (verdict.outcome === "unknown") {
  console.log(`${path}: ${counted}, unknown: ${verdict.reason}`);
} else {
  const { operations, reason } = verdict.violation;
  for (const place of operations) console.log(show(history.operations[place], lines[place]));
  const where = operations.map((place) => lines[place]).join(", ");
  console.log(`${path}: ${counted}, not linearizable: lines ${where}: ${reason}`);
}
process.exitCode = verdict.outcome === "linearizable" ? 0 : 1;
