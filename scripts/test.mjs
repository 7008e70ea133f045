// Sets up, runs the tests, and ends with one line: `412 passed, 0 failed`, with `, N skipped` behind it if there were any.
//
//   npm test                           everything
//   npm test -- packages/raft -t vote  what vitest takes: paths, a title
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { localBin, run } from "./lib/run.mjs";
import { setup } from "./setup.mjs";

/**
 * Counts what vitest reports as JSON. A file that does not load has no tests to count and counts as one failure.
 *
 * @param {string} file
 * @returns {{ passed: number, failed: number, skipped: number }}
 */
function countResults(file) {
  const report = JSON.parse(readFileSync(file, "utf8"));
  const broken = report.testResults.filter(
    ({ status, assertionResults }) => status === "failed" && !assertionResults.some((test) => test.status === "failed"),
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + broken.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

if (!(await setup())) {
  console.log("0 passed, 1 failed");
  process.exit(1);
}
const dir = mkdtempSync(join(tmpdir(), "quorate-test-"));
const report = join(dir, "report.json");
const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`];
const { code } = await run(join(localBin, "vitest"), ["run", ...reporters, ...process.argv.slice(2)], {
  timeoutMs: 3_600_000,
});
let counts = { passed: 0, failed: 0, skipped: 0 };
try {
  counts = countResults(report);
} catch {
  console.error("vitest left no report");
} finally {
  rmSync(dir, { recursive: true, force: true });
}
if (code !== 0 && counts.failed === 0) counts.failed = 1; // No tests found, or an error outside of any test.
const skipped = counts.skipped > 0 ? `, ${counts.skipped} skipped` : "";
console.log(`${counts.passed} passed, ${counts.failed} failed${skipped}`);
process.exitCode = counts.failed > 0 ? 1 : 0;
