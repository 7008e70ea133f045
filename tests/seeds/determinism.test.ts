import { execFileSync } from "node:child_process";
import { beforeAll, describe, expect, test } from "vitest";
import { play } from "./play.ts";

const many = ["--seeds", "200", "--from", "2000001", "--each"];
const some = ["--seeds", "60", "--from", "2000001", "--each"];
const perProcessMs = 300_000;

/** A line per seed: what it did and its trace. */
const seedsOf = (lines: readonly string[]): string[] => lines.filter((line) => /^seed \d+: /.test(line));

/** The program of another Node, fetched as an npm package; undefined where there is none and nobody asks for it. */
function otherNode(version: string): string | undefined {
  const args = ["--yes", "--loglevel=error", `--package=node@${version}`, "--", "node", "-p", "process.execPath"];
  try {
    return execFileSync("npx", args, { encoding: "utf8", timeout: 240_000, stdio: ["ignore", "pipe", "pipe"] }).trim();
  } catch (error) {
    if (process.env["CI"] === "true") throw error;
    return undefined;
  }
}

describe("the same seeds give the same traces", () => {
  let once: readonly string[] = [];

  beforeAll(() => {
    once = seedsOf(play({ args: many, timeoutMs: perProcessMs }));
  }, perProcessMs);

  test("one for each seed", () => {
    expect(once).toHaveLength(200);
    expect(new Set(once.map((line) => line.split(" trace ")[1])).size).toBe(200);
  });

  test("again, with another stack and another collector", { timeout: perProcessMs }, () => {
    const flags = ["--gc-interval=5000", "--stack-size=2000"];
    expect(seedsOf(play({ flags, args: many, timeoutMs: perProcessMs }))).toEqual(once);
  });

  test("without the optimizing compiler", { timeout: perProcessMs }, () => {
    expect(seedsOf(play({ flags: ["--no-opt"], args: some, timeoutMs: perProcessMs }))).toEqual(once.slice(0, 60));
  });

  test.for(["22", "24", "26"])("on Node %s", { timeout: perProcessMs + 240_000 }, (version, { skip }) => {
    const node = otherNode(version);
    if (node === undefined) {
      skip(`there is no Node ${version} here`);
      return;
    }
    expect(seedsOf(play({ node, args: some, timeoutMs: perProcessMs }))).toEqual(once.slice(0, 60));
  });
});
