// npm run robustness: writes docs/robustness.md from the titles of the tests: a test whose title names scenarios
// (as "M24 a wiped voter …" or "… (D09)") shows them. With --check it only tells whether the page is as it would be written.
//
// tests/robustness/scenarios.json names the scenarios, tests/robustness/findings.json what the campaigns found.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fail, localBin, root, run } from "./lib/run.mjs";

const page = join(root, "docs/robustness.md");
const read = (name) => JSON.parse(readFileSync(join(root, "tests/robustness", name), "utf8"));

/** @returns {Promise<readonly { name: string, file: string }[]>} every test there is, titles of groups first */
async function allTests() {
  const { code, stdout, output } = await run(join(localBin, "vitest"), ["list", "--json"], { capture: true });
  const start = stdout.indexOf("[");
  if (code !== 0 || start < 0) fail(`vitest cannot list the tests\n${output}`);
  const tests = JSON.parse(stdout.slice(start)).map(({ name, file }) => ({ name, file: relative(root, file) }));
  // The order of files is that of the last run; within a file it is the file's.
  return tests.sort((a, b) => (a.file < b.file ? -1 : a.file > b.file ? 1 : 0));
}

/** The numbers that a title names, or that of a group around it. */
const shownBy = (name) => new Set(name.match(/\b[MDNTP]\d\d\b/g) ?? []);

const escaped = (text) => text.replaceAll("|", "\\|").replaceAll("<", "\\<");

/** A title without the numbers. */
function nameOf(name) {
  const title = name
    .split(" > ")
    .at(-1)
    .replace(/^(?:[MDNTP]\d\d[ ,:]+)+/, "");
  return escaped(title.replace(/ \((?:[MDNTP]\d\d(?:, )?)+\)$/, ""));
}

function rowsOf(scenarios, tests) {
  const lines = [];
  for (const { id, what, later } of scenarios) {
    const shown = tests.filter(({ name }) => shownBy(name).has(id));
    const where = [...new Set(shown.map(({ name, file }) => `${nameOf(name)} (\`${file}\`)`))];
    const nothing = later === undefined ? "**no test yet**" : `with ${later}`;
    lines.push(`| ${id} | ${escaped(what)} | ${where.length > 0 ? where.join("<br>") : nothing} |`);
  }
  return lines;
}

const groups = [
  ["M", "Consensus and membership"],
  ["D", "Disk"],
  ["N", "Network"],
  ["T", "Time"],
  ["P", "Process"],
];

function written(scenarios, tests, findings) {
  const known = new Set(scenarios.map(({ id }) => id));
  for (const { name, file } of tests) {
    for (const id of shownBy(name)) if (!known.has(id)) fail(`${file}: "${name}" shows ${id}, which is no scenario`);
  }
  const titles = new Set(tests.map(({ name }) => name.split(" > ").at(-1)));
  const lines = ["# Robustness", ""];
  lines.push("Written by `npm run robustness` from the titles of the tests, all of which run in CI.", "");
  for (const [letter, title] of groups) {
    lines.push(`## ${title}`, "", "| | what happens | shown by |", "| --- | --- | --- |");
    lines.push(
      ...rowsOf(
        scenarios.filter(({ id }) => id.startsWith(letter)),
        tests,
      ),
      "",
    );
  }
  lines.push(
    "## What the campaigns found",
    "",
    "| found by | what was wrong | how it was mended | test |",
    "| --- | --- | --- | --- |",
  );
  for (const { by, wrong, mended, test } of findings) {
    if (!titles.has(test)) fail(`findings.json names a test that does not exist: ${test}`);
    lines.push(`| ${by} | ${escaped(wrong)} | ${escaped(mended)} | ${escaped(test)} |`);
  }
  return `${lines.join("\n")}\n`;
}

// Tests that need a real etcd are not listed where there is none.
const absent = ["etcd-3.5", "etcd-3.6", "etcd-3.7"].filter((name) => !existsSync(join(root, ".peers/bin", name)));
const checks = process.argv.includes("--check");
if (absent.length > 0) {
  const reason = `${absent.join(", ")} not there (npm run peers builds them), and with them the tests that need them`;
  if (!checks || process.env["CI"] === "true") fail(reason);
  console.log(`not checked: ${reason}`);
  process.exit(0);
}

const text = written(read("scenarios.json"), await allTests(), read("findings.json"));
if (checks) {
  const current = existsSync(page) ? readFileSync(page, "utf8") : "";
  if (current !== text) fail("docs/robustness.md is not what the tests say: npm run robustness writes it");
  console.log("docs/robustness.md is what the tests say");
} else {
  writeFileSync(page, text);
  console.log(
    `wrote ${relative(root, page)}: ${text.match(/\*\*no test yet\*\*/g)?.length ?? 0} scenarios have no test yet`,
  );
}
