import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { drive } from "./drive.ts";
import { type RunResult, SeedRun } from "./run.ts";

async function run(seed: number, slowly = false, events = 4000): Promise<RunResult> {
  const one = new SeedRun({ seed, events });
  await drive(one, slowly);
  return one.result();
}

const facts = ({ failure, trace, events }: RunResult): unknown => ({ failure, trace, events });

describe("a seed", () => {
  test.each([1, 2, 3, 4, 5, 6, 7, 8])("%i holds and gives the same trace again", async (seed) => {
    const first = await run(seed);
    expect(first.failure).toBeUndefined();
    expect(facts(await run(seed))).toEqual(facts(first));
  });

  test("gives the same trace when the program's own loop runs the promises", async () => {
    const first = await run(11);
    expect(facts(await run(11, true))).toEqual(facts(first));
  });

  test("gives the same trace when it is asked for with the members and the faults that it drew", async () => {
    const first = await run(5);
    const { members } = first.plan;
    const one = new SeedRun({
      seed: 5,
      events: 4000,
      members,
      faults: new Set(first.tried),
    });
    await drive(one);
    expect(first.faults.length).toBeGreaterThan(0);
    expect(facts(one.result())).toEqual(facts(first));
  });

  test("gives another trace than its neighbour", async () => {
    expect((await run(1)).trace).not.toBe((await run(2)).trace);
  });
});

test("the trace is the same in processes with other stacks, collectors and compilers", () => {
  const root = join(import.meta.dirname, "../../../..");
  const play = (flags: readonly string[]): string =>
    execFileSync(process.execPath, [...flags, "scripts/sim.mjs", "--seed", "21", "--events", "3000"], {
      cwd: root,
      encoding: "utf8",
      timeout: 60_000,
    })
      .trim()
      .split("\n")
      .at(-1) ?? "";
  const lines = [[], ["--stack-size=4000"], ["--gc-interval=2000"], ["--no-opt"]].map(play);
  expect(lines[0]).toMatch(/^seed 21: held, \d+ events, trace [0-9a-f]{16}$/);
  expect(new Set(lines).size).toBe(1);
});
