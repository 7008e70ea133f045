import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { DeadlineWheel, type Expiring, formatTimeout, parseTimeout } from "./deadline.ts";
import { FakeClock } from "./testing/fake-clock.ts";

class Item implements Expiring {
  readonly deadlineAtMs: number;
  wheelSlot = -1;
  wheelNext: Expiring | undefined = undefined;
  wheelPrevious: Expiring | undefined = undefined;
  firedMs = -1;
  readonly #clock: FakeClock;

  constructor(clock: FakeClock, deadlineAtMs: number) {
    this.#clock = clock;
    this.deadlineAtMs = deadlineAtMs;
  }

  onDeadline(): void {
    expect(this.firedMs).toBe(-1);
    this.firedMs = this.#clock.nowMs();
  }
}

describe("deadline wheel", () => {
  test("everything fires once, never early and at most two ticks late, unless it was removed", () => {
    const step = fc.record({ delayMs: fc.integer({ min: 0, max: 12_000 }), waitMs: fc.integer({ min: 0, max: 900 }) });
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 40 }), (steps) => {
        const clock = new FakeClock();
        const wheel = new DeadlineWheel(clock);
        const items: Item[] = [];
        const removed = new Set<Item>();
        for (const { delayMs, waitMs } of steps) {
          const item = new Item(clock, clock.nowMs() + delayMs);
          wheel.add(item);
          items.push(item);
          if (delayMs % 5 === 0) {
            removed.add(item);
            wheel.remove(item);
          }
          clock.advance(waitMs);
        }
        clock.advance(13_000);
        for (const item of items) {
          if (removed.has(item)) {
            expect(item.firedMs).toBe(-1);
            continue;
          }
          expect(item.firedMs).toBeGreaterThanOrEqual(item.deadlineAtMs);
          expect(item.firedMs).toBeLessThanOrEqual(item.deadlineAtMs + 20);
        }
        expect(wheel.size).toBe(0);
      }),
      { numRuns: 50 },
    );
  });
});

describe("grpc-timeout", () => {
  test.each([
    ["1H", 3_600_000],
    ["2M", 120_000],
    ["3S", 3000],
    ["99999999m", 99_999_999],
    ["5000000u", 5000],
    ["0n", 0],
  ])("%s is %d ms", (text, ms) => {
    expect(parseTimeout(text)).toBeCloseTo(ms);
  });

  test.each(["", "S", "1", "1s", "-1S", "123456789S", "1.5S", " 1S"])("%j is malformed", (text) => {
    expect(parseTimeout(text)).toBe(-1);
  });

  test("what is formatted parses to the same time or slightly more", () => {
    fc.assert(
      fc.property(fc.double({ min: 0.001, max: 1e12, noNaN: true }), (ms) => {
        const back = parseTimeout(formatTimeout(ms));
        expect(back).toBeGreaterThanOrEqual(ms * 0.999999);
        expect(back).toBeLessThanOrEqual(ms * 1.01 + 0.002);
      }),
    );
  });
});
