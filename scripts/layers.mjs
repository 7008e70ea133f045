// Checks the layers (.dependency-cruiser.cjs) and that the check itself still works:
//  - it must have seen every source file there is, and about as many imports as a plain text search finds;
//  - a small tree with one planted mistake per rule must be reported, rule by rule;
//  - what a package imports must stand in its package.json.
// A checker that cannot read the sources finds nothing wrong with them; that must never pass for success.
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { localBin, root, run } from "./lib/run.mjs";

const config = join(root, ".dependency-cruiser.cjs");
const problems = [];

/** @param {string} cwd @param {readonly string[]} folders */
async function cruise(cwd, folders) {
  const args = ["--config", config, "--output-type", "json", ...folders];
  const { stdout, output } = await run(join(localBin, "depcruise"), args, { cwd, capture: true, timeoutMs: 180_000 });
  try {
    return JSON.parse(stdout);
  } catch {
    process.stderr.write(`${output}\n`);
    throw new Error("dependency-cruiser gave no answer");
  }
}

/** @param {string} folder @returns {string[]} the TypeScript sources below it, as paths from the root */
function sourcesBelow(folder) {
  return readdirSync(join(root, folder), { recursive: true, encoding: "utf8" })
    .map((path) => `${folder}/${path}`)
    .filter((path) => path.endsWith(".ts") && !/(^|\/)(node_modules|dist|fixtures|testdata|peers)\//.test(path));
}

/** @param {string} path @returns {number} imports and re-exports of our own modules, by a plain text search */
function countImports(path) {
  return readFileSync(join(root, path), "utf8").match(/^(import|export|\}) [^;]*?from "(\.|@quorate\/)/gm)?.length ?? 0;
}

function checkSeen(modules, sources) {
  const seen = new Map(modules.map((module) => [module.source, module]));
  for (const path of sources.filter((source) => !seen.has(source)))
    problems.push(`the layer check did not see ${path}`);
  const expected = sources.reduce((sum, path) => sum + countImports(path), 0);
  const found = sources.reduce((sum, path) => sum + (seen.get(path)?.dependencies ?? []).filter(isOwn).length, 0);
  if (sources.length < 10 || found < 0.8 * expected || expected < sources.length / 2) {
    problems.push(`the layer check saw ${found} imports in ${sources.length} sources; a text search finds ${expected}`);
  }
  return found;
}

function isOwn(dependency) {
  return /^(packages|tests|scripts)\//.test(dependency.resolved);
}

/** Tests may look at any lower package, which the root package links; what runs must be declared. */
function checkDeclared(modules) {
  const used = new Map();
  for (const { source, dependencies } of modules) {
    const from = /^packages\/([^/]+)\/src\//.exec(source)?.[1];
    if (from === undefined || /\.(test|bench)\.ts$|\/(testing|conformance)\//.test(source)) continue;
    for (const { resolved } of dependencies) {
      const to = /^packages\/([^/]+)\//.exec(resolved)?.[1] ?? from;
      if (to !== from) used.set(from, (used.get(from) ?? new Set()).add(to));
    }
  }
  for (const [from, names] of used) {
    const { dependencies = {} } = JSON.parse(readFileSync(join(root, `packages/${from}/package.json`), "utf8"));
    for (const to of names) {
      if (dependencies[`@quorate/${to}`] !== undefined) continue;
      problems.push(`packages/${from}/package.json does not name @quorate/${to}, which its sources import`);
    }
  }
}

/** One planted mistake per rule: file, content, and the rule that must report it. */
const planted = [
  ["packages/raft/src/up.ts", 'export { top } from "@quorate/member";', "raft-imports-down"],
  [
    "packages/raft/src/up-type.ts",
    'import type { Top } from "@quorate/member";\nexport type T = Top;',
    "raft-imports-down",
  ],
  ["packages/raft/src/aside.ts", 'export { side } from "@quorate/mvcc";', "raft-imports-down"],
  ["packages/member/src/up.ts", 'export { out } from "@quorate/server";', "member-imports-down"],
  ["packages/member/src/back-door.ts", 'export { inner } from "../../raft/src/inner.ts";', "front-door"],
  ["packages/member/src/proof.ts", 'export { fake } from "@quorate/raft/testing";', "proof-stays-outside"],
  ["packages/raft/src/node.ts", 'export { readFileSync } from "node:fs";', "core-without-node"],
  ["packages/server/src/foreign.ts", 'export { default } from "typescript";', "no-foreign-code"],
  ["packages/raft/src/lost.ts", 'export { gone } from "./gone.ts";', "resolvable"],
  ["packages/raft/src/circle-a.ts", 'import { b } from "./circle-b.ts";\nexport const a = () => b;', "no-circle"],
  ["packages/attic/src/x.ts", 'export { y } from "./y.ts";', "known-room"],
  [
    "tests/e2e/back-door.test.ts",
    'import { inner } from "../../packages/raft/src/inner.ts";\ninner;',
    "front-door-for-tests",
  ],
];

/** What the planted mistakes lean on; nothing here may be reported. */
const innocent = {
  "packages/raft/src/circle-b.ts": 'import { a } from "./circle-a.ts";\nexport const b = () => a;',
  "package.json": '{ "name": "planted", "type": "module" }',
  "packages/raft/src/index.ts": 'export { inner } from "./inner.ts";\nexport { low } from "@quorate/base";',
  "packages/raft/src/inner.ts": "export const inner = 1;",
  "packages/raft/src/testing/index.ts": "export const fake = 1;",
  "packages/raft/src/inner.test.ts": 'import { fake } from "./testing/index.ts";\nfake;',
  "packages/attic/src/y.ts": "export const y = 1;",
  "packages/base/src/index.ts": "export const low = 1;",
  "packages/mvcc/src/index.ts": "export const side = 1;",
  "packages/member/src/index.ts": "export type Top = 1;\nexport const top: Top = 1;",
  "packages/server/src/index.ts": "export const out = 1;",
};

async function checkPlanted() {
  const dir = mkdtempSync(join(realpathSync(tmpdir()), "quorate-layers-"));
  try {
    const write = (path, text) => {
      mkdirSync(dirname(join(dir, path)), { recursive: true });
      writeFileSync(join(dir, path), text);
    };
    for (const [path, text] of [...Object.entries(innocent), ...planted]) write(path, text);
    mkdirSync(join(dir, "node_modules/@quorate"), { recursive: true });
    for (const name of ["raft", "base", "mvcc", "member", "server"]) {
      const exports = { ".": "./src/index.ts", "./testing": "./src/testing/index.ts" };
      write(`packages/${name}/package.json`, JSON.stringify({ name: `@quorate/${name}`, type: "module", exports }));
      symlinkSync(`../../packages/${name}`, join(dir, "node_modules/@quorate", name));
    }
    symlinkSync(join(root, "node_modules/typescript"), join(dir, "node_modules/typescript"));
    const { summary } = await cruise(dir, ["packages", "tests"]);
    const seen = summary.violations.map((violation) => `${violation.from} ${violation.rule.name}`);
    for (const [path, , rule] of planted) {
      if (!seen.includes(`${path} ${rule}`))
        problems.push(`the layer check no longer sees what ${rule} forbids (${path})`);
    }
    for (const { from, to, rule } of summary.violations) {
      if (planted.some(([path]) => path === from)) continue;
      problems.push(`the layer check reports an innocent import: ${from} → ${to} (${rule.name})`);
    }
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

const sources = ["packages", "tests"].flatMap(sourcesBelow);
const [{ modules, summary }] = await Promise.all([cruise(root, ["packages", "tests"]), checkPlanted()]);
for (const { from, to, rule } of summary.violations) {
  const comment = summary.ruleSetUsed.forbidden.find((forbidden) => forbidden.name === rule.name)?.comment ?? "";
  problems.push(`${from} → ${to}: ${rule.name}: ${comment}`);
}
const imports = checkSeen(modules, sources);
checkDeclared(modules);
for (const problem of problems) console.error(problem);
if (problems.length === 0) {
  console.log(`${sources.length} sources, ${imports} imports, ${planted.length} planted mistakes found`);
}
process.exitCode = problems.length > 0 ? 1 : 0;
