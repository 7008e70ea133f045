import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { Inflights } from "./inflights.ts";
import { Progress } from "./progress.ts";
import { member } from "./testing/node.ts";

const progressAt = (match: number, next: number): Progress => {
  const progress = new Progress(member(2), next, false, new Inflights(4, 1000));
  progress.reset(match, next);
  return progress;
};

describe("the inflight window", () => {
  test("behaves like a plain queue with two limits, whatever is added and freed", () => {
    const step = fc.record({ bytes: fc.nat(60), freeUpTo: fc.option(fc.nat(60), { nil: undefined }) });
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 9 }), fc.array(step, { maxLength: 80 }), (countMax, steps) => {
        const window = new Inflights(countMax, 150);
        let model: { index: number; bytes: number }[] = [];
        let index = 0;
        for (const { bytes, freeUpTo } of steps) {
          if (freeUpTo === undefined) {
            index += 1;
            if (!window.isFull()) {
              window.add(index, bytes);
              model.push({ index, bytes });
            }
          } else {
            window.freeUpTo(freeUpTo);
            model = model.filter((message) => message.index > freeUpTo);
          }
          const total = model.reduce((sum, message) => sum + message.bytes, 0);
          expect([window.count, window.bytes]).toEqual([model.length, total]);
          expect(window.isFull()).toBe(model.length === countMax || total >= 150);
        }
      }),
    );
  });

  test("refuses what exceeds it", () => {
    const window = new Inflights(1, 10);
    window.add(1, 1);
    expect(() => window.add(2, 1)).toThrow("full window");
  });
});

describe("progress of a member", () => {
  test("a probe pauses after one append with entries, not after an empty one", () => {
    const progress = progressAt(0, 5);
    progress.onSentEntries(0, 0);
    expect(progress.isPaused()).toBe(false);
    progress.onSentEntries(2, 10);
    expect(progress.isPaused()).toBe(true);
    expect(progress.next).toBe(5);
  });

  test("replication streams until the window is full", () => {
    const progress = progressAt(4, 5);
    progress.becomeReplicate();
    for (let i = 0; i < 4; i++) {
      expect(progress.isPaused()).toBe(false);
      progress.onSentEntries(1, 1);
    }
    expect(progress.next).toBe(9);
    expect(progress.isPaused()).toBe(true);
    expect(progress.maybeUpdate(6)).toBe(true);
    progress.inflights.freeUpTo(6);
    expect([progress.match, progress.next, progress.isPaused()]).toEqual([6, 9, false]);
  });

  test("an old acknowledgement changes nothing", () => {
    const progress = progressAt(4, 8);
    expect(progress.maybeUpdate(4)).toBe(false);
    expect([progress.match, progress.next]).toEqual([4, 8]);
  });

  test("a refusal moves a probe back to the hint, never to or below match", () => {
    const progress = progressAt(2, 9);
    expect(progress.maybeDecrTo({ rejected: 7, matchHint: 3 })).toBe(false);
    expect(progress.maybeDecrTo({ rejected: 8, matchHint: 5 })).toBe(true);
    expect(progress.next).toBe(6);
    expect(progress.maybeDecrTo({ rejected: 5, matchHint: 0 })).toBe(true);
    expect(progress.next).toBe(3);
  });

  test("a refusal in replication falls back behind match, unless it is stale", () => {
    const progress = progressAt(4, 5);
    progress.becomeReplicate();
    progress.onSentEntries(3, 3);
    expect(progress.maybeDecrTo({ rejected: 4, matchHint: 4 })).toBe(false);
    expect(progress.maybeDecrTo({ rejected: 6, matchHint: 4 })).toBe(true);
    expect(progress.next).toBe(5);
  });

  test("after a snapshot the probe begins behind it, after a failed one behind match", () => {
    const progress = progressAt(1, 2);
    progress.becomeSnapshot(10);
    expect(progress.isPaused()).toBe(true);
    progress.becomeProbe();
    expect(progress.next).toBe(11);
    progress.becomeSnapshot(20);
    progress.pendingSnapshot = 0;
    progress.becomeProbe();
    expect(progress.next).toBe(2);
  });
});
