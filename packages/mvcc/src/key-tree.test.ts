import { compareBytes, SeededRandom } from "@quorate/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { KeyIndex } from "./key-index.ts";
import { KeyWalk } from "./key-walk.ts";

const text = (key: Uint8Array): string => Buffer.from(key).toString("latin1");
const bytes = (key: string): Uint8Array => new Uint8Array(Buffer.from(key, "latin1"));

/** A map of keys to "lives", beside an index that goes through the same. */
class Pair {
  readonly index = new KeyIndex();
  readonly model = new Map<string, boolean>();
  #main = 1;

  put(key: string): void {
    this.index.put(bytes(key), ++this.#main, 0);
    this.model.set(key, true);
  }

  remove(key: string): void {
    if (this.model.get(key) !== true) return;
    this.index.remove(bytes(key), ++this.#main, 0);
    this.model.set(key, false);
  }

  compact(budget: number): void {
    this.#main += 1;
    this.index.startCompaction();
    while (!this.index.compactSome(this.#main, budget, { drop: () => undefined }));
    for (const [key, live] of this.model) if (!live) this.model.delete(key);
  }

  verify(probes: readonly string[]): void {
    const { index, model } = this;
    const sorted = [...model.keys()].sort((a, b) => compareBytes(bytes(a), bytes(b)));
    const live = sorted.filter((key) => model.get(key));
    expect(index.tree.size).toBe(sorted.length);
    expect(index.tree.live).toBe(live.length);
    for (const backward of [false, true]) {
      const walk = new KeyWalk(index, new Uint8Array(0), undefined, this.#main, backward);
      const seen: string[] = [];
      while (walk.next()) seen.push(text(index.keyOf(walk.record)));
      expect(seen).toEqual(backward ? live.toReversed() : live);
    }
    for (const probe of probes) {
      expect(index.find(bytes(probe)) !== 0).toBe(model.has(probe));
      const from = live.filter((key) => compareBytes(bytes(key), bytes(probe)) >= 0);
      expect(index.countLive(bytes(probe), undefined)).toBe(from.length);
      for (const end of probes) {
        const between = from.filter((key) => compareBytes(bytes(key), bytes(end)) < 0);
        expect(index.countLive(bytes(probe), bytes(end))).toBe(between.length);
        const walk = new KeyWalk(index, bytes(probe), bytes(end), this.#main);
        if (compareBytes(bytes(probe), bytes(end)) > 0) continue;
        let count = 0;
        while (walk.next()) count += 1;
        expect(count).toBe(between.length);
      }
    }
  }
}

describe("key index", () => {
  test("finds, counts and walks like a sorted map, keys of any shape", () => {
    const key = fc.oneof(
      fc.string({ unit: fc.constantFrom("\0", "a", "b", "\xff"), maxLength: 9 }),
      fc.integer({ min: 0, max: 400 }).map((n) => `/registry/pods/${n}`),
    );
    const action = fc.record({ kind: fc.constantFrom("put", "put", "put", "remove"), key });
    fc.assert(
      fc.property(fc.array(action, { maxLength: 400 }), fc.array(key, { maxLength: 4 }), (actions, probes) => {
        const pair = new Pair();
        for (const one of actions) {
          if (one.kind === "put") pair.put(one.key);
          else pair.remove(one.key);
        }
        pair.verify(probes);
        pair.compact(3);
        pair.verify(probes);
      }),
      { numRuns: 60 },
    );
  });

  for (const order of ["ascending", "descending", "shuffled"] as const) {
    test(`grows to three levels and back to nothing, keys ${order}`, () => {
      const random = new SeededRandom(5);
      const pair = new Pair();
      const keys = Array.from({ length: 20_000 }, (_, i) => `k/${String(i).padStart(6, "0")}/${"x".repeat(i % 40)}`);
      if (order === "descending") keys.reverse();
      if (order === "shuffled") keys.sort(() => random.below(3) - 1);
      for (const key of keys) pair.put(key);
      const probes = ["k/000000", "k/010000/", "k/019999", "z"];
      pair.verify(probes);
      // Holes of every size first, then everything.
      for (const [at, key] of keys.entries()) if ((at >> 7) % 3 !== 0 || at % 50 > 1) pair.remove(key);
      pair.verify(probes);
      pair.compact(1000);
      pair.verify(probes);
      const held = pair.index.byteSize;
      for (const key of keys) if (pair.model.has(key)) pair.remove(key);
      pair.compact(1000);
      pair.verify(probes);
      expect(pair.index.records.size).toBe(0);
      expect(pair.index.byteSize).toBeLessThan(held);
      pair.put("again");
      pair.verify(["again"]);
    });
  }

  test("finds the place of keys that share nothing with the nodes they pass", () => {
    const pair = new Pair();
    for (let i = 0; i < 3000; i++) pair.put(`/aa/${String(i).padStart(4, "0")}`);
    for (let i = 0; i < 20; i++) pair.put(`/b/${i}`);
    const strange = [
      "",
      "/",
      "/a",
      "/a/9999",
      "/aa/",
      "/aa/1",
      "/aa/99999",
      "/ab9999",
      "/Z/9999",
      "/Zzzzzzzz",
      "z",
      "\xff\xff",
    ];
    pair.verify(strange);
    for (const key of strange) pair.put(key);
    pair.verify(strange);
    for (const key of strange) pair.remove(key);
    pair.compact(10);
    pair.verify(strange);
  });

  test("gives memory back when most keys are deleted", () => {
    const pair = new Pair();
    const random = new SeededRandom(9);
    for (let i = 0; i < 60_000; i++) pair.put(`${random.below(2 ** 32)}-${i}`.padEnd(64, "."));
    const full = pair.index.byteSize;
    for (const [key] of [...pair.model]) if (random.below(20) !== 0) pair.remove(key);
    pair.compact(4096);
    pair.verify(["3", "7"]);
    expect(pair.index.arena.byteSize).toBeLessThan(full / 6);
  });

  test("keeps keys of every size beside each other", () => {
    const pair = new Pair();
    const random = new SeededRandom(3);
    for (let i = 0; i < 300; i++) pair.put(`${i}-`.padEnd(random.below(70_000), "z"));
    for (const [key] of [...pair.model]) if (random.below(3) !== 0) pair.remove(key);
    pair.compact(100);
    for (let i = 0; i < 300; i++) pair.put(`${i}+`.padEnd(random.below(70_000), "z"));
    pair.verify(["1", "2"]);
  });

  test("keeps a key that is larger than a chunk", () => {
    const pair = new Pair();
    const big = `big-${"y".repeat(600_000)}`;
    pair.put(big);
    pair.put("small");
    pair.verify([big, "bif"]);
    pair.remove(big);
    pair.compact(10);
    pair.verify([big, "small"]);
  });
});
