import { expect, test } from "vitest";
import corpus from "./corpus.json" with { type: "json" };
import { play } from "./play.ts";

const first = 1_000_001;
const count = 400;

test(`${count} seeds hold`, { timeout: 600_000 }, () => {
  const lines = play({ args: ["--seeds", `${count}`, "--from", `${first}`], timeoutMs: 580_000 });
  const [, events = "0"] =
    new RegExp(`^${count} seeds: held, (\\d+) events, \\d+ events/s$`).exec(lines.at(-1) ?? "") ?? [];
  expect(Number(events)).toBeGreaterThan(count * 10_000);
});

test.each(corpus)("seed $seed, which once broke $broke, holds", { timeout: 60_000 }, ({ seed }) => {
  const lines = play({ args: ["--seed", `${seed}`], timeoutMs: 50_000 });
  expect(lines.at(-1)).toMatch(new RegExp(`^seed ${seed}: held, \\d+ events, trace [0-9a-f]{16}$`));
});
