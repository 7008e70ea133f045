import { compareBytes } from "@quorate/base";
import type { KeyEnd } from "./key-index.ts";

/** etcd's sort orders, by number. */
export const SortOrder = { none: 0, ascend: 1, descend: 2 } as const;
export type SortOrder = (typeof SortOrder)[keyof typeof SortOrder];

/** etcd's sort targets, by number. */
export const SortTarget = { key: 0, version: 1, create: 2, mod: 3, value: 4 } as const;
export type SortTarget = (typeof SortTarget)[keyof typeof SortTarget];

/** A range request. What is left out is zero, as on the wire; keys are read during the call, and kept by a cursor. */
export interface RangeQuery {
  readonly key: Uint8Array;
  /** Empty: exactly `key`. One zero byte: every key from `key` on. Else: keys before it. */
  readonly rangeEnd?: Uint8Array;
  /** 0 or less: no limit. */
  readonly limit?: number;
  /** 0 or less: the newest. */
  readonly revision?: number;
  readonly countOnly?: boolean;
  /** Rows without their values; all other fields stay. */
  readonly keysOnly?: boolean;
  readonly sortOrder?: SortOrder;
  readonly sortTarget?: SortTarget;
  /** Bounds are inclusive; 0 is no bound. */
  readonly minModRevision?: number;
  readonly maxModRevision?: number;
  readonly minCreateRevision?: number;
  readonly maxCreateRevision?: number;
}

/** A revision that cannot be read: it lies in the future, or was compacted away. */
export type RevisionRefusal =
  | { readonly kind: "future"; readonly revision: number }
  | { readonly kind: "compacted"; readonly compactRevision: number };

/** What a range found. */
export interface RangeResult {
  readonly kind: "ok";
  /** The store's revision when it was read, for the response header; not the revision that was asked for. */
  readonly revision: number;
  /** Encoded `KeyValue` messages. Nobody writes to them. */
  readonly rows: readonly Uint8Array[];
  /** Keys in the range at the revision, whatever limit and filters say. */
  readonly count: number;
  /** Whether the limit cut rows off. */
  readonly more: boolean;
}

export type RangeOutcome = RangeResult | RevisionRefusal;

/** A stretch of keys; `single` when it can hold one key only. */
export interface KeySpan {
  readonly from: Uint8Array;
  readonly to: KeyEnd;
  readonly single: boolean;
}

/** Resolves etcd's conventions for `rangeEnd`. An end at or before the key gives an empty span. */
export function keySpan(key: Uint8Array, rangeEnd: Uint8Array | undefined): KeySpan {
  if (rangeEnd === undefined || rangeEnd.length === 0) return { from: key, to: key, single: true };
  if (rangeEnd.length === 1 && rangeEnd[0] === 0) return { from: key, to: undefined, single: false };
  if (compareBytes(rangeEnd, key) <= 0) return { from: key, to: key, single: false };
  return { from: key, to: rangeEnd, single: false };
}

/** Bounds on revisions, inclusive; 0 is none. */
export interface RevisionFilter {
  readonly minMod: number;
  readonly maxMod: number;
  readonly minCreate: number;
  readonly maxCreate: number;
}

/** Returns undefined when the query has no bounds. */
export function filterOf(query: RangeQuery): RevisionFilter | undefined {
  const minMod = query.minModRevision ?? 0;
  const maxMod = query.maxModRevision ?? 0;
  const minCreate = query.minCreateRevision ?? 0;
  const maxCreate = query.maxCreateRevision ?? 0;
  if (minMod === 0 && maxMod === 0 && minCreate === 0 && maxCreate === 0) return undefined;
  return { minMod, maxMod, minCreate, maxCreate };
}

/** Tells whether a key with these revisions lies within all bounds. */
export function passes(filter: RevisionFilter, createRevision: number, modRevision: number): boolean {
  if (filter.maxMod !== 0 && modRevision > filter.maxMod) return false;
  if (filter.minMod !== 0 && modRevision < filter.minMod) return false;
  if (filter.maxCreate !== 0 && createRevision > filter.maxCreate) return false;
  return filter.minCreate === 0 || createRevision >= filter.minCreate;
}
