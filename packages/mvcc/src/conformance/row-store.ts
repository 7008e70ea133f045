import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { MetaStore, RowStore } from "../ports.ts";
import { revisionBound, revisionKey } from "../revision.ts";
import { MemoryRows } from "./memory-rows.ts";

/** A pair of stores to judge. `settle` is called between writes: a backend may commit its batch there. */
export interface StoreUnderTest {
  readonly rows: RowStore;
  readonly meta: MetaStore;
  settle?(): Promise<void> | void;
  close?(): Promise<void> | void;
}

const hex = (bytes: Uint8Array | undefined): string | undefined =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString("hex");

function listed(rows: RowStore, from: Uint8Array, to: Uint8Array, limit: number): string[] {
  const found: string[] = [];
  const visited = rows.range(
    from,
    to,
    (key, value) => {
      found.push(`${hex(key)}=${hex(value)}`);
      return true;
    },
    limit,
  );
  expect(visited).toBe(found.length);
  return found;
}

type Step =
  | { readonly kind: "put"; readonly main: number; readonly sub: number; readonly size: number }
  | { readonly kind: "delete"; readonly main: number; readonly sub: number }
  | { readonly kind: "deleteSome"; readonly main: number; readonly count: number; readonly stride: number }
  | { readonly kind: "settle" };

const main = fc.integer({ min: 1, max: 40 });
const sub = fc.integer({ min: 0, max: 3 });
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant("put" as const), main, sub, size: fc.nat(300) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant("delete" as const), main, sub }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant("deleteSome" as const),
      main,
      count: fc.integer({ min: 1, max: 40 }),
      stride: fc.integer({ min: 1, max: 3 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant("settle" as const) }) },
);

/** What every implementation of `RowStore` and `MetaStore` owes. */
export function describeRowStore(name: string, open: () => Promise<StoreUnderTest> | StoreUnderTest): void {
  describe(`${name} as a row store`, () => {
    test("reads what was written, before and after it settles", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), main, main, fc.nat(50), async (steps, from, to, limit) => {
          const real = await open();
          const model = new MemoryRows();
          for (const one of steps) {
            if (one.kind === "settle") await real.settle?.();
            else if (one.kind === "deleteSome") {
              let keys = Array.from({ length: one.count }, (_, i) => revisionKey(one.main + i * one.stride, 0, false));
              for (const key of keys) model.delete(key);
              while (keys.length > 0) {
                const done = real.rows.deleteSome(keys);
                expect(done).toBeGreaterThan(0);
                keys = keys.slice(done);
              }
            } else {
              const key = revisionKey(one.main, one.sub, one.sub === 3);
              if (one.kind === "put") {
                const value = new Uint8Array(one.size).fill(one.size);
                real.rows.put(key, value);
                model.put(key.slice(), value);
              } else {
                real.rows.delete(key);
                model.delete(key);
              }
              expect(hex(real.rows.get(key))).toBe(hex(model.get(key)));
            }
          }
          const low = revisionBound(from);
          const high = revisionBound(to);
          expect(listed(real.rows, low, high, limit)).toEqual(listed(model, low, high, limit));
          await real.close?.();
        }),
        { numRuns: 60 },
      );
    });

    test("keeps large rows as they are, in memory that it gave and in other", async () => {
      const size = fc.constantFrom(1, 300, 65_535, 65_536, 70_001, 200_000);
      const put = fc.record({ main, size, given: fc.boolean(), settles: fc.boolean(), again: fc.boolean() });
      await fc.assert(
        fc.asyncProperty(fc.array(put, { maxLength: 12 }), async (puts) => {
          const real = await open();
          const model = new MemoryRows();
          let fill = 0;
          for (const { main, size, given, settles, again } of puts) {
            const key = revisionKey(main, 0, false);
            const value = given ? real.rows.room(key.length, size) : new Uint8Array(size);
            expect(value.every((byte) => byte === 0)).toBe(true);
            value.fill(++fill);
            // The same row may be put twice, as itself or as another one.
            for (const to of again ? [key, revisionKey(41 + fill, 1, false)] : [key]) {
              real.rows.put(to.slice(), value);
              model.put(to.slice(), value.slice());
            }
            if (settles) await real.settle?.();
          }
          await real.settle?.();
          const all = [revisionBound(1), revisionBound(100)] as const;
          expect(listed(real.rows, ...all, 100)).toEqual(listed(model, ...all, 100));
          await real.close?.();
        }),
        { numRuns: 20 },
      );
    });

    test("does not keep the key of a look-up, and never changes a value that it returned", async () => {
      const real = await open();
      const key = revisionKey(7, 0, false);
      real.rows.put(key, Uint8Array.of(1, 2, 3));
      const wanted = revisionKey(7, 0, false);
      const value = real.rows.get(wanted);
      wanted.fill(0);
      real.rows.put(revisionKey(7, 0, false), Uint8Array.of(9));
      await real.settle?.();
      expect(hex(value)).toBe("010203");
      expect(hex(real.rows.get(key))).toBe("09");
      await real.close?.();
    });

    test("ends a scan when the visitor says so", async () => {
      const real = await open();
      for (let i = 1; i <= 5; i++) real.rows.put(revisionKey(i, 0, false), Uint8Array.of(i));
      let seen = 0;
      const visited = real.rows.range(revisionBound(1), revisionBound(9), () => ++seen < 2, 100);
      expect([visited, seen]).toEqual([2, 2]);
      await real.close?.();
    });

    test("keeps named values", async () => {
      const real = await open();
      const one = Uint8Array.of(97);
      expect(real.meta.get(one)).toBeUndefined();
      real.meta.put(one, Uint8Array.of(1));
      real.meta.put(one.slice(), Uint8Array.of(2));
      await real.settle?.();
      expect(hex(real.meta.get(one))).toBe("02");
      await real.close?.();
    });
  });
}
