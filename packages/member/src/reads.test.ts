import { KvError } from "@quorate/api";
import type { Clock, MemberId } from "@quorate/base";
import { expect, test } from "vitest";
import type { RequestIds } from "./identity.ts";
import { Reads, type ReadWaiter } from "./reads.ts";

const leader = 1n as MemberId;

/** Reads whose answers take 1 ms each, and a clock whose turns the test runs. */
function slowReads() {
  let nowMs = 0;
  const turns: (() => void)[] = [];
  const clock = { nowMs: () => nowMs, nextTurn: (run: () => void) => turns.push(run) } as unknown as Clock;
  let serial = 0;
  const ids = {
    origin: 7,
    nextSerial: () => (serial += 1),
    whole: (one: number) => (7n << 48n) | BigInt(one),
  } as unknown as RequestIds;
  const reads = new Reads(clock, ids, 1_000);
  const answered: number[] = [];
  const failed: number[] = [];
  const add = (count: number, from = 0): void => {
    for (let i = from; i < from + count; i++) {
      const waiter: ReadWaiter = {
        ready: () => {
          answered.push(i);
          nowMs += 1;
        },
        fail: () => failed.push(i),
      };
      reads.add(waiter);
    }
  };
  const confirm = (): void => {
    let context: Uint8Array = new Uint8Array(0);
    reads.ask(leader, (asked) => {
      context = asked;
    });
    reads.onConfirmed([{ index: 5, context }], 5);
  };
  return { reads, turns, answered, failed, add, confirm };
}

test("thousands of reads of one index are answered over several turns, in order", () => {
  const { turns, answered, add, confirm } = slowReads();
  add(100);
  confirm();
  expect(answered.length).toBeLessThan(40);
  let count = 1;
  for (; turns.length > 0; count++) turns.shift()?.();
  expect(count).toBeGreaterThan(3);
  expect(answered).toEqual(Array.from({ length: 100 }, (_, i) => i));
});

test("reads that are confirmed meanwhile are answered behind those that wait", () => {
  const { turns, answered, add, confirm } = slowReads();
  add(40);
  confirm();
  add(10, 40);
  confirm();
  expect(answered.length).toBeLessThan(40);
  while (turns.length > 0) turns.shift()?.();
  expect(answered).toEqual(Array.from({ length: 50 }, (_, i) => i));
});

test("reads that were to be answered later fail with all others when the member stops", () => {
  const { reads, turns, answered, failed, add, confirm } = slowReads();
  add(60);
  confirm();
  const before = answered.length;
  reads.failAll(new KvError("stopped"));
  expect(failed.length).toBe(60 - before);
  while (turns.length > 0) turns.shift()?.();
  expect(answered.length).toBe(before);
});
