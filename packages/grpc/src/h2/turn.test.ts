import type { Clock } from "@quorate/base";
import { expect, test } from "vitest";
import { TurnFlusher } from "./turn.ts";

/** A flusher of connections whose writes take 1 ms each, and the turns that it asks for. */
function slowFlusher() {
  let nowMs = 0;
  const turns: (() => void)[] = [];
  const clock = { nowMs: () => nowMs, nextTurn: (run: () => void) => turns.push(run) } as unknown as Clock;
  const flushed: string[] = [];
  const connection = (name: string) => ({
    flushTurn: () => {
      flushed.push(name);
      nowMs += 1;
    },
  });
  return { flusher: new TurnFlusher(clock), turns, flushed, connection };
}

test("all that was added in a turn is flushed when it ends, in one go", () => {
  const { flusher, turns, flushed, connection } = slowFlusher();
  for (const name of ["a", "b", "c"]) flusher.add(connection(name));
  expect(turns.length).toBe(1);
  turns.shift()?.();
  expect(flushed).toEqual(["a", "b", "c"]);
  expect(turns.length).toBe(0);
});

test("so many connections that they would hold the loop are flushed over several turns, each once, in order", () => {
  const { flusher, turns, flushed, connection } = slowFlusher();
  const names = Array.from({ length: 100 }, (_, i) => `c${i}`);
  for (const name of names) flusher.add(connection(name));
  turns.shift()?.();
  expect(flushed.length).toBeLessThan(40);
  expect(turns.length).toBe(1);
  flusher.add(connection("late"));
  expect(turns.length).toBe(1);
  let count = 1;
  for (; turns.length > 0; count++) turns.shift()?.();
  expect(count).toBeGreaterThan(3);
  expect(flushed).toEqual([...names, "late"]);
});
