import type { DeleteRangeRequest, KvErrorCode, PutRequest, RangeRequest, RequestOp, TxnRequest } from "@quorate/api";
import { compareBytes } from "@quorate/base";

/**
 * The checks of a request's shape, made before anything is proposed; each returns the code of etcd's refusal or
 * undefined. They need no state.
 */

const sortOrderMax = 2;
const sortTargetMax = 4;

export function checkRange(request: RangeRequest): KvErrorCode | undefined {
  if (request.key.length === 0) return "emptyKey";
  if (request.sortOrder < 0 || request.sortOrder > sortOrderMax) return "invalidSortOption";
  if (request.sortTarget < 0 || request.sortTarget > sortTargetMax) return "invalidSortOption";
  return undefined;
}

export function checkPut(request: PutRequest): KvErrorCode | undefined {
  if (request.key.length === 0) return "emptyKey";
  if (request.ignoreValue && request.value.length > 0) return "valueProvided";
  if (request.ignoreLease && request.lease !== 0n) return "leaseProvided";
  return undefined;
}

export function checkDeleteRange(request: DeleteRangeRequest): KvErrorCode | undefined {
  return request.key.length === 0 ? "emptyKey" : undefined;
}

/** Transactions may be nested so deep, however high `opsMax` is: applying must never run out of stack. */
const txnDepthMax = 256;

/** @param opsMax the limit of operations per level, `--max-txn-ops`; a nested level has what its parent leaves. */
export function checkTxn(request: TxnRequest, opsMax: number): KvErrorCode | undefined {
  return (
    checkTxnLevel(request, opsMax, txnDepthMax) ?? checkDuplicates(request.success) ?? checkDuplicates(request.failure)
  );
}

function checkTxnLevel(request: TxnRequest, opsMax: number, depthLeft: number): KvErrorCode | undefined {
  const ops = Math.max(request.compare.length, request.success.length, request.failure.length);
  if (ops > opsMax || depthLeft === 0) return "tooManyOps";
  for (const compare of request.compare) if (compare.key.length === 0) return "emptyKey";
  for (const op of request.success) {
    const refusal = checkOp(op, opsMax - ops, depthLeft);
    if (refusal !== undefined) return refusal;
  }
  for (const op of request.failure) {
    const refusal = checkOp(op, opsMax - ops, depthLeft);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function checkOp(op: RequestOp, opsLeft: number, depthLeft: number): KvErrorCode | undefined {
  if (op.requestRange !== undefined) return checkRange(op.requestRange);
  if (op.requestPut !== undefined) return checkPut(op.requestPut);
  if (op.requestDeleteRange !== undefined) return checkDeleteRange(op.requestDeleteRange);
  if (op.requestTxn !== undefined) return checkTxnLevel(op.requestTxn, opsLeft, depthLeft - 1);
  return "keyNotFound";
}

interface Interval {
  readonly from: Uint8Array;
  /** Undefined: exactly `from`. */
  readonly to: Uint8Array | undefined;
}

interface Touched {
  readonly puts: Map<string, Uint8Array>;
  readonly deletes: Interval[];
}

/** Keys as map keys, one UTF-16 unit a byte. */
function latin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}

/**
 * A key may be put once per branch, and not lie in a range that the same branch deletes.
 *
 * As in etcd, a delete "from this key on" counts as the empty interval here, and what a nested transaction deletes is
 * not held against the puts of a nested transaction before it.
 */
function checkDuplicates(ops: readonly RequestOp[]): KvErrorCode | undefined {
  if (ops.length < 2 && ops[0]?.requestTxn === undefined) return undefined;
  return collect(ops) === undefined ? "duplicateKey" : undefined;
}

/** Undefined when the list puts a key twice or deletes what it puts. */
function collect(ops: readonly RequestOp[]): Touched | undefined {
  const puts = new Map<string, Uint8Array>();
  const deletes: Interval[] = [];
  for (const { requestDeleteRange: del } of ops) {
    if (del !== undefined) deletes.push({ from: del.key, to: del.rangeEnd.length === 0 ? undefined : del.rangeEnd });
  }
  for (const { requestTxn: txn } of ops) {
    if (txn === undefined) continue;
    const success = collect(txn.success);
    const failure = collect(txn.failure);
    if (success === undefined || failure === undefined) return undefined;
    // The branches of one nested transaction exclude each other, so they may put the same key.
    const nested = new Map([...success.puts, ...failure.puts]);
    for (const [name, key] of nested) {
      if (puts.has(name) || covers(deletes, key)) return undefined;
    }
    for (const [name, key] of nested) puts.set(name, key);
    deletes.push(...success.deletes, ...failure.deletes);
  }
  for (const { requestPut: put } of ops) {
    if (put === undefined) continue;
    const name = latin1(put.key);
    if (puts.has(name) || covers(deletes, put.key)) return undefined;
    puts.set(name, put.key);
  }
  return { puts, deletes };
}

function covers(intervals: readonly Interval[], key: Uint8Array): boolean {
  return intervals.some(({ from, to }) => {
    const above = compareBytes(key, from);
    if (to === undefined) return above === 0;
    return above >= 0 && compareBytes(key, to) < 0;
  });
}

const putOverheadBytes = 256;

/** What a put would add to the database, as the quota counts it. */
export const putCost = (request: PutRequest): number => putOverheadBytes + request.key.length + request.value.length;

/** What a lease would add, likewise. */
export const leaseCost = 64;

/** The larger of what the two branches would add. */
export function txnCost(request: TxnRequest): number {
  return Math.max(opsCost(request.success), opsCost(request.failure));
}

function opsCost(ops: readonly RequestOp[]): number {
  let cost = 0;
  for (const op of ops) {
    if (op.requestPut !== undefined) cost += putCost(op.requestPut);
    else if (op.requestTxn !== undefined) cost += txnCost(op.requestTxn);
  }
  return cost;
}

/** True when nothing in either branch can write, so that no entry is needed. A nested transaction counts as a write. */
export function isReadOnlyTxn(request: TxnRequest): boolean {
  const ranges = (ops: readonly RequestOp[]): boolean => ops.every((op) => op.requestRange !== undefined);
  return ranges(request.success) && ranges(request.failure);
}

/** True when a top-level range of either branch names a revision, which may turn out to be unreadable. */
export function namesRevision(request: TxnRequest): boolean {
  const names = (ops: readonly RequestOp[]): boolean =>
    ops.some((op) => op.requestRange !== undefined && op.requestRange.revision !== 0);
  return names(request.success) || names(request.failure);
}

/** True for a read-only transaction whose ranges all accept a stale answer; one without ranges counts as such. */
export function isSerializableTxn(request: TxnRequest): boolean {
  const serializable = (ops: readonly RequestOp[]): boolean =>
    ops.every((op) => op.requestRange?.serializable === true);
  return serializable(request.success) && serializable(request.failure);
}
