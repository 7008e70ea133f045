import { compareKeys, placesOf } from "./key-order.ts";
import type { HistoryRequest, HistoryStart, Operation, StoredKeyValue } from "./operation.ts";
import { eachSeen } from "./requests.ts";

interface NamedRange {
  readonly key: string;
  readonly rangeEnd?: string;
}

/** The operations on keys that no operation outside of it touches. */
export interface Part {
  readonly places: number[];
  readonly start: HistoryStart;
}

/** Calls `visit` with every key and range that a request names, comparisons included. */
function eachRange(request: HistoryRequest, visit: (range: NamedRange) => void): void {
  if (request.kind === "compact" || request.kind === "revoke") return;
  if (request.kind !== "txn") {
    // A put has no end, whatever a client may have recorded beside it.
    visit(request.kind === "put" ? { key: request.key } : request);
    return;
  }
  for (const compare of request.compares) visit(compare);
  for (const step of request.success) eachRange(step, visit);
  for (const step of request.failure) eachRange(step, visit);
}

/** All keys that a history names or shows, in order. */
function allKeys(operations: readonly Operation[], start: HistoryStart): string[] {
  const keys = new Set(start.kvs.map(({ key }) => key));
  for (const { request, result } of operations) {
    eachRange(request, ({ key, rangeEnd }) => {
      if (rangeEnd === undefined || rangeEnd === "") keys.add(key);
    });
    if (result.status === "ok") eachSeen(request, result.response, ({ key }) => keys.add(key));
  }
  return [...keys].sort(compareKeys);
}

/** Sets of neighbours and strangers: which keys must be judged together. */
class Groups {
  readonly #parents: Int32Array;
  /** For each key the first at or behind it that is not yet united with its successor. */
  readonly #breaks: Int32Array;

  constructor(count: number) {
    this.#parents = new Int32Array(count).map((_, i) => i);
    this.#breaks = new Int32Array(count).map((_, i) => i);
  }

  #root(tree: Int32Array, of: number): number {
    let at = of;
    while ((tree[at] as number) !== at) {
      tree[at] = tree[tree[at] as number] as number;
      at = tree[at] as number;
    }
    return at;
  }

  groupOf(place: number): number {
    return this.#root(this.#parents, place);
  }

  unite(a: number, b: number): void {
    this.#parents[this.groupOf(b)] = this.groupOf(a);
  }

  /** Unites all of `[lo, hi)`. */
  uniteAll(lo: number, hi: number): void {
    for (let at = this.#root(this.#breaks, lo); at < hi - 1; at = this.#root(this.#breaks, at)) {
      this.unite(at, at + 1);
      this.#breaks[at] = at + 1;
    }
  }
}

/** Splits operations by the keys that they touch: two are in one part if a chain of operations connects their keys. */
export function partition(operations: readonly Operation[], places: readonly number[], start: HistoryStart): Part[] {
  const keys = allKeys(operations, start);
  const groups = new Groups(keys.length);
  const anyOf = new Map<number, number>();
  for (const place of places) {
    let any = -1;
    eachRange((operations[place] as Operation).request, ({ key, rangeEnd }) => {
      const { lo, hi } = placesOf(keys, key, rangeEnd);
      if (lo >= hi) return;
      groups.uniteAll(lo, hi);
      if (any >= 0) groups.unite(any, lo);
      any = lo;
    });
    anyOf.set(place, any);
  }
  const kvsOf = new Map<number, StoredKeyValue[]>();
  for (const kv of start.kvs) {
    const group = groups.groupOf(placesOf(keys, kv.key, undefined).lo);
    kvsOf.set(group, [...(kvsOf.get(group) ?? []), kv]);
  }
  const parts = new Map<number, Part>();
  for (const [place, any] of anyOf) {
    const group = any < 0 ? -1 : groups.groupOf(any); // Ranges without any key are a part of their own.
    const part = parts.get(group) ?? { places: [], start: { ...start, kvs: kvsOf.get(group) ?? [] } };
    parts.set(group, part);
    part.places.push(place);
  }
  return [...parts.values()];
}
