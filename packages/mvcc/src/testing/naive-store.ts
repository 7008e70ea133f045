import { crc32cUpdate, type LeaseId, utf8Encode } from "@quorate/base";
import type { RangeQuery } from "../range-query.ts";

/** One change, remembered for ever. */
export interface NaiveChange {
  readonly key: string;
  readonly main: number;
  readonly sub: number;
  readonly tombstone: boolean;
  readonly create: number;
  readonly version: number;
  readonly value: string;
  readonly lease: bigint;
  /** The row that was replaced, as main and sub; two zeros when there was none. */
  readonly prev: readonly [number, number];
}

export type NaiveOp =
  | { readonly kind: "put"; readonly key: string; readonly value: string; readonly lease: bigint }
  | { readonly kind: "delete"; readonly key: string; readonly rangeEnd: string };

export const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
export const text = (data: Uint8Array): string => Buffer.from(data).toString("latin1");
const order = (a: string, b: string): number => Buffer.compare(Buffer.from(a, "latin1"), Buffer.from(b, "latin1"));

export type NaiveRange =
  | { kind: "ok"; keys: NaiveChange[]; count: number; more: boolean }
  | { kind: "compacted" | "future" };

/** A store that keeps the list of all changes and answers everything by looking through all of it. */
export class NaiveStore {
  readonly changes: NaiveChange[] = [];
  revision = 1;
  compactRevision = -1;

  /** Applies the operations as one transaction. */
  apply(ops: readonly NaiveOp[]): void {
    const main = this.revision + 1;
    let sub = 0;
    for (const op of ops) {
      if (op.kind === "put") {
        const before = this.#newest(op.key, main);
        const alive = before !== undefined && !before.tombstone;
        this.changes.push({
          key: op.key,
          main,
          sub: sub++,
          tombstone: false,
          create: alive ? before.create : main,
          version: alive ? before.version + 1 : 1,
          value: op.value,
          lease: op.lease,
          prev: alive ? [before.main, before.sub] : [0, 0],
        });
      } else {
        for (const alive of this.#alive(op.key, op.rangeEnd, main)) {
          const gone = { tombstone: true, create: 0, version: 0, value: "", lease: 0n };
          this.changes.push({ key: alive.key, main, sub: sub++, ...gone, prev: [alive.main, alive.sub] });
        }
      }
    }
    if (sub > 0) this.revision = main;
  }

  compact(revision: number): "ok" | "compacted" | "future" {
    if (revision <= this.compactRevision) return "compacted";
    if (revision > this.revision) return "future";
    this.compactRevision = revision;
    return "ok";
  }

  range(query: RangeQuery): NaiveRange {
    const asked = query.revision ?? 0;
    if (asked > this.revision) return { kind: "future" };
    const at = asked <= 0 ? this.revision : asked;
    if (at < this.compactRevision) return { kind: "compacted" };
    const all = this.#alive(text(query.key), text(query.rangeEnd ?? new Uint8Array(0)), at);
    if (query.countOnly === true) return { kind: "ok", keys: [], count: all.length, more: false };
    const limit = query.limit ?? 0;
    const sort = query.sortOrder ?? 0;
    const bounds = [query.maxModRevision, query.minModRevision, query.maxCreateRevision, query.minCreateRevision];
    const [maxMod, minMod, maxCreate, minCreate] = bounds.map((bound) => bound ?? 0) as [
      number,
      number,
      number,
      number,
    ];
    const bounded = bounds.some((bound) => (bound ?? 0) !== 0);
    let found = limit > 0 && sort === 0 && !bounded ? all.slice(0, limit + 1) : all;
    found = found.filter(
      (one) =>
        !(maxMod !== 0 && one.main > maxMod) &&
        !(minMod !== 0 && one.main < minMod) &&
        !(maxCreate !== 0 && one.create > maxCreate) &&
        !(minCreate !== 0 && one.create < minCreate),
    );
    const by = [
      (a: NaiveChange, b: NaiveChange): number => order(a.key, b.key),
      (a: NaiveChange, b: NaiveChange): number => a.version - b.version,
      (a: NaiveChange, b: NaiveChange): number => a.create - b.create,
      (a: NaiveChange, b: NaiveChange): number => a.main - b.main,
      (a: NaiveChange, b: NaiveChange): number => order(a.value, b.value),
    ][query.sortTarget ?? 0] as (a: NaiveChange, b: NaiveChange) => number;
    found = found.toSorted((a, b) => (sort === 2 ? by(b, a) : by(a, b)));
    const more = limit > 0 && found.length > limit;
    return { kind: "ok", keys: more ? found.slice(0, limit) : found, count: all.length, more };
  }

  /** The rows that a store may still hold: what is newer than the compaction, and what it kept. */
  keptRows(): NaiveChange[] {
    return this.changes.filter((change) => {
      if (change.main > this.compactRevision) return true;
      const kept = this.#newest(change.key, this.compactRevision);
      return kept === change && (!change.tombstone || change.main === this.compactRevision);
    });
  }

  /** HashKV by its definition, over the rows that a finished compaction left; `encode` gives key and row. */
  hash(revision: number, encode: (change: NaiveChange) => readonly [Uint8Array, Uint8Array]): number {
    const keep = new Set<NaiveChange>();
    for (const key of new Set(this.changes.map((change) => change.key))) {
      const visible = this.#newest(key, revision);
      if (visible !== undefined && !visible.tombstone) keep.add(visible);
    }
    let hash = crc32cUpdate(0, utf8Encode("key"));
    for (const change of this.keptRows()) {
      if (change.main > revision) continue;
      if (change.main <= this.compactRevision && keep.size > 0 && !keep.has(change)) continue;
      if (change.main === this.compactRevision && change.tombstone) continue;
      for (const part of encode(change)) hash = crc32cUpdate(hash, part);
    }
    return hash;
  }

  /** Leases of the keys that live now. */
  leases(): Map<string, bigint> {
    const alive = this.#alive("", "\0", this.revision).filter((change) => change.lease !== 0n);
    return new Map(alive.map((change) => [change.key, change.lease]));
  }

  state(key: string): NaiveChange | undefined {
    const newest = this.#newest(key, this.revision);
    return newest === undefined || newest.tombstone ? undefined : newest;
  }

  #newest(key: string, revision: number): NaiveChange | undefined {
    return this.changes.findLast((change) => change.key === key && change.main <= revision);
  }

  #alive(from: string, rangeEnd: string, revision: number): NaiveChange[] {
    const inside = (key: string): boolean => {
      if (rangeEnd === "") return key === from;
      if (order(key, from) < 0) return false;
      return rangeEnd === "\0" || order(key, rangeEnd) < 0;
    };
    const keys = [...new Set(this.changes.map((change) => change.key))].filter(inside).sort(order);
    const newest = keys.map((key) => this.#newest(key, revision));
    return newest.filter((change): change is NaiveChange => change !== undefined && !change.tombstone);
  }
}

export const toLease = (id: bigint): LeaseId => BigInt.asIntN(64, id) as LeaseId;
