export type { CompactionProgress, CompactOutcome, MvccOptions } from "./mvcc-store.ts";
export { MvccStore } from "./mvcc-store.ts";
export type { HashJob, KvHash } from "./hash-kv.ts";
export { decodeKeyValue, encodeKeyValue, type KeyValue, leaseOf, noLease, valueOf, withoutValue } from "./key-value.ts";
export type { MetaStore, RowStore, RowVisitor } from "./ports.ts";
export type { RangeCompacted, RangeCursor, RangeSlice } from "./range-cursor.ts";
export {
  type RangeOutcome,
  type RangeQuery,
  type RangeResult,
  type RevisionRefusal,
  SortOrder,
  SortTarget,
} from "./range-query.ts";
export type { LeasedKey, RestoreJob } from "./restore.ts";
export { isTombstoneKey, mainOf, revisionBound, revisionKey, subOf } from "./revision.ts";
export type { Change, KeyState, WriteTxn } from "./write-txn.ts";
