import type { Clock } from "@quorate/base";
import { expect, test } from "vitest";
import { Intake, type Receiver } from "./intake.ts";

/** An intake for connections whose chunks take 1 ms each to read, and the turns that it asks for; `early` counts those that ran before the loop came by. */
function slowIntake({ turnsNow = false } = {}) {
  let nowMs = 0;
  const turns: (() => void)[] = [];
  const early = { count: 0 };
  const turnNow = (): void => {
    early.count += 1;
    for (const run of turns.splice(0)) run();
  };
  const clock = {
    nowMs: () => nowMs,
    nextTurn: (run: () => void) => turns.push(run),
    ...(turnsNow ? { turnNow } : {}),
  } as unknown as Clock;
  const read: string[] = [];
  const held = new Set<string>();
  const connections = new Map<string, Receiver>();
  const connection = (name: string): Receiver => {
    const known = connections.get(name);
    if (known !== undefined) return known;
    const made: Receiver = {
      receive: (chunk) => {
        read.push(chunk === undefined ? `${name} ends` : `${name} ${chunk.toString()}`);
        nowMs += 1;
      },
      holdBack: () => held.add(name),
      letGo: () => held.delete(name),
    };
    connections.set(name, made);
    return made;
  };
  const intake = new Intake(clock);
  const take = (name: string, text?: string): void =>
    intake.take(connection(name), text === undefined ? undefined : Buffer.from(text));
  const pass = (): void => {
    nowMs += 1;
    intake.pass();
  };
  return { take, pass, turns, early, read, held };
}

test("what fits into a turn is read at once, and nobody is held", () => {
  const { take, turns, read, held } = slowIntake();
  take("a", "1");
  take("b", "1");
  take("a", "2");
  expect(read).toEqual(["a 1", "b 1", "a 2"]);
  expect(held.size).toBe(0);
  turns.shift()?.();
  expect(turns.length).toBe(0);
});

test("what comes from a crowd is read over several turns, in order, and each is held until its turn has come", () => {
  const { take, turns, read, held } = slowIntake();
  const names = Array.from({ length: 30 }, (_, i) => `c${i}`);
  for (const name of names) take(name, "1");
  const atOnce = read.length;
  expect(atOnce).toBeLessThan(10);
  expect(held.size).toBe(30 - atOnce);
  let count = 0;
  for (; turns.length > 0; count++) turns.shift()?.();
  expect(count).toBeGreaterThan(3);
  expect(read).toEqual(names.map((name) => `${name} 1`));
  expect(held.size).toBe(0);
});

test("who comes while others wait stands behind them, and an end behind the bytes before it", () => {
  const { take, turns, read } = slowIntake();
  for (let i = 0; i < 12; i++) take(`c${i}`, "1");
  turns.shift()?.();
  take("late", "1");
  take("c11");
  expect(read).not.toContain("late 1");
  while (turns.length > 0) turns.shift()?.();
  expect(read.slice(-3)).toEqual(["c11 1", "late 1", "c11 ends"]);
});

test("where a turn can run in between, a crowd does not wait for the loop, and all are read in order", () => {
  const { take, turns, early, read, held } = slowIntake({ turnsNow: true });
  const names = Array.from({ length: 40 }, (_, i) => `c${i}`);
  for (const name of names) take(name, "1");
  expect(early.count).toBeGreaterThan(3);
  while (turns.length > 0) turns.shift()?.();
  expect(read).toEqual(names.map((name) => `${name} 1`));
  expect(held.size).toBe(0);
});

test("connections that end with nothing to read let turns run, too", () => {
  const { pass, turns, early } = slowIntake({ turnsNow: true });
  pass();
  expect(turns.length).toBe(1);
  for (let i = 0; i < 20; i++) pass();
  expect(early.count).toBeGreaterThan(3);
  expect(turns.length).toBe(1);
});
