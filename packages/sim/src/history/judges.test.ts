import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { checkHistory } from "./check.ts";
import { execute } from "./execute.ts";
import { breakages, breakHistory } from "./generate/break-history.ts";
import { type GenerateOptions, generateHistory } from "./generate/generate-history.ts";
import { matchResponse } from "./match.ts";
import { ModelStore } from "./model-store.ts";
import type { History, Operation } from "./operation.ts";
import { isSerializable } from "./requests.ts";

/**
 * Tries every order of every choice of the unknown operations: what the definition says, and nothing clever.
 */
function bruteForce({ operations }: History): boolean {
  const last = Math.max(1, ...operations.map(({ result }) => (result.status === "ok" ? result.revision : 1)));
  const place = (rest: readonly Operation[], done: readonly Operation[]): boolean => {
    if (rest.every(({ result }) => result.status === "unknown") && replays(done, last)) return true;
    return rest.some((next) => {
      const others = rest.filter((one) => one !== next);
      const begin = isSerializable(next.request) ? Number.NEGATIVE_INFINITY : next.invoke;
      if (others.some((one) => one.result.status !== "unknown" && one.return < begin)) return false;
      return place(others, [...done, next]);
    });
  };
  const judged = operations.filter(({ request, result }) => {
    if (result.status !== "failed") return true;
    return (result.error === "compacted" || result.error === "future") && /range|compact/.test(request.kind);
  });
  return place(judged, []);
}

function replays(order: readonly Operation[], last: number): boolean {
  const store = new ModelStore({ revision: 1, compactRevision: -1, kvs: [] }, true);
  return order.every(({ request, result }) => {
    if (request.kind === "compact" && result.status === "unknown" && request.revision > last) return true;
    const response = execute(store, request);
    if (result.status === "unknown") return true;
    if (result.status === "failed") return response === result.error;
    if (typeof response === "string" || store.revision !== result.revision) return false;
    return matchResponse(request, response, result.response) === undefined;
  });
}

function options(seed: number, operations: number): GenerateOptions {
  const unknownPercent = [0, 5, 20, 40][seed % 4] as number;
  return {
    seed,
    operations,
    clients: 2 + (seed % 5),
    unknownPercent,
    keys: 1 + (seed % 4),
    past: seed % 3 !== 0,
    leases: seed % 5 === 0,
  };
}

describe("the two judges", () => {
  test("agree with a trial of all orders on tiny histories, whole and broken", () => {
    const verdicts = { linearizable: 0, "not-linearizable": 0 };
    const seeds = fc.integer({ min: 1, max: 2 ** 31 });
    fc.assert(
      fc.property(seeds, fc.integer({ min: 2, max: 6 }), fc.constantFrom(...breakages), (seed, length, breakage) => {
        const whole = generateHistory(options(seed, length));
        for (const history of [whole, breakHistory(whole, breakage, seed)]) {
          if (history === undefined) continue;
          const expected = bruteForce(history) ? "linearizable" : "not-linearizable";
          verdicts[expected] += 1;
          expect(checkHistory(history, { judge: "revision" }).outcome).toBe(expected);
          expect(checkHistory(history, { judge: "search" }).outcome).toBe(expected);
        }
      }),
      { numRuns: 1500 },
    );
    expect(verdicts.linearizable).toBeGreaterThan(500);
    expect(verdicts["not-linearizable"]).toBeGreaterThan(300);
  });

  test("agree on longer histories, find all made ones linearizable, and most of each kind of broken ones not", () => {
    const found = new Map(breakages.map((breakage) => [breakage, { broken: 0, tried: 0 }]));
    for (let seed = 1; seed <= 1700; seed++) {
      const history = generateHistory(options(seed, 10 + (seed % 60)));
      expect(checkHistory(history), `seed ${seed}`).toEqual({ outcome: "linearizable" });
      const breakage = breakages[seed % breakages.length] as (typeof breakages)[number];
      const broken = breakHistory(history, breakage, seed);
      if (broken === undefined) continue;
      const verdict = checkHistory(broken);
      expect(verdict.outcome, `seed ${seed}, ${breakage}`).not.toBe("unknown");
      const count = found.get(breakage) as { broken: number; tried: number };
      count.tried += 1;
      if (verdict.outcome === "not-linearizable") count.broken += 1;
    }
    for (const [breakage, { broken, tried }] of found) {
      expect(tried, breakage).toBeGreaterThan(0);
      expect(broken, `${breakage}: ${broken} of ${tried}`).toBeGreaterThan(tried * 0.25);
    }
  });

  test("judge 100,000 operations of 16 clients within a minute", () => {
    const history = generateHistory({
      seed: 1,
      operations: 100_000,
      clients: 16,
      unknownPercent: 1,
      keys: 50,
      past: true,
      leases: false,
    });
    const times = (["revision", "search"] as const).map((judge) => {
      const started = performance.now();
      expect(checkHistory(history, { judge })).toEqual({ outcome: "linearizable" });
      return performance.now() - started;
    });
    const [byRevision, bySearch] = times.map((time) => `${(time / 1000).toFixed(1)} s`);
    console.log(`100,000 operations: ${byRevision} by revision, ${bySearch} by search`);
    expect(times.reduce((sum, time) => sum + time, 0)).toBeLessThan(60_000);
  }, 120_000);
});
