/**
 * What clients of an etcd did and were told: the input of the judges of histories. docs/history-format.md describes the
 * same shapes as JSON lines.
 *
 * Keys and values are strings. Text stands for itself; raw bytes are one character each, U+0000 to U+00FF. Keys are
 * ordered by code point, which is the order of their bytes in either form.
 */

/** A key with what a client saw of it. A field that is absent was not recorded, and is not judged. */
export interface SeenKeyValue {
  readonly key: string;
  readonly value?: string;
  readonly createRevision?: number;
  readonly modRevision?: number;
  readonly version?: number;
  /** Decimal; "0" is no lease. */
  readonly lease?: string;
}

export type CompareResult = "=" | "!=" | ">" | "<";

interface CompareKeys {
  readonly key: string;
  /** As in a range; every key in it must satisfy the comparison. */
  readonly rangeEnd?: string;
  /** How the stored one must be to the one given: ">" means that the stored one is greater. */
  readonly result: CompareResult;
}

export type Compare =
  | (CompareKeys & { readonly target: "version" | "create" | "mod"; readonly value: number })
  | (CompareKeys & { readonly target: "value" | "lease"; readonly value: string });

export interface PutRequest {
  readonly kind: "put";
  readonly key: string;
  readonly value: string;
  readonly lease?: string;
  readonly prevKv?: boolean;
  readonly ignoreValue?: boolean;
  readonly ignoreLease?: boolean;
}

export interface RangeRequest {
  readonly kind: "range";
  readonly key: string;
  /** Absent or empty: only `key`. "\0": all from `key` on. Else the first key that is not read. */
  readonly rangeEnd?: string;
  /** The state to read, 0 or absent for the newest. Not allowed inside of a transaction. */
  readonly revision?: number;
  readonly limit?: number;
  readonly countOnly?: boolean;
  readonly keysOnly?: boolean;
  /** A serializable read need not be fresh: it shows some earlier state, whole, and which one it says itself. */
  readonly serializable?: boolean;
}

export interface DeleteRequest {
  readonly kind: "delete";
  readonly key: string;
  readonly rangeEnd?: string;
  readonly prevKv?: boolean;
}

export interface TxnRequest {
  readonly kind: "txn";
  readonly compares: readonly Compare[];
  readonly success: readonly TxnStep[];
  readonly failure: readonly TxnStep[];
}

export type TxnStep = PutRequest | RangeRequest | DeleteRequest | TxnRequest;

export interface CompactRequest {
  readonly kind: "compact";
  readonly revision: number;
}

/**
 * The end of a lease, by request or by time, which deletes its keys. Its result is always recorded as unknown, because
 * the answer does not tell whether there were keys; the end by time may be recorded as invoked when the lease was granted.
 */
export interface RevokeRequest {
  readonly kind: "revoke";
  readonly lease: string;
}

export type HistoryRequest = TxnStep | CompactRequest | RevokeRequest;

export interface PutResponse {
  readonly kind: "put";
  /** null: there was none. Absent: not asked for, not judged. */
  readonly prevKv?: SeenKeyValue | null;
}

export interface RangeResponse {
  readonly kind: "range";
  readonly kvs: readonly SeenKeyValue[];
  readonly count?: number;
  readonly more?: boolean;
}

export interface DeleteResponse {
  readonly kind: "delete";
  readonly deleted: number;
  readonly prevKvs?: readonly SeenKeyValue[];
}

export interface TxnResponse {
  readonly kind: "txn";
  readonly succeeded: boolean;
  /** One for each step of the branch that was taken. */
  readonly responses: readonly StepResponse[];
}

export type StepResponse = PutResponse | RangeResponse | DeleteResponse | TxnResponse;

export interface CompactResponse {
  readonly kind: "compact";
}

export type HistoryResponse = StepResponse | CompactResponse;

/** The answer, and the revision in its header. */
export interface OkResult {
  readonly status: "ok";
  readonly revision: number;
  readonly response: HistoryResponse;
}

/**
 * A definite failure: the request has changed nothing and never will.
 *
 * The errors "compacted" and "future" of a range or a compaction are judged like answers; others may be any text.
 */
export interface FailedResult {
  readonly status: "failed";
  readonly error?: string;
}

/** Nobody knows: a timeout, a lost connection. The request may take effect at any time after its start, or never. */
export interface UnknownResult {
  readonly status: "unknown";
  readonly error?: string;
}

export type OperationResult = OkResult | FailedResult | UnknownResult;

/** One request of one client with its outcome. */
export interface Operation {
  readonly client: string | number;
  /** Time just before the request was sent: an integer of any unit, by one clock for all clients. */
  readonly invoke: number;
  /** Time just after the answer came, not before `invoke`. Not looked at when the result is unknown. */
  readonly return: number;
  readonly request: HistoryRequest;
  readonly result: OperationResult;
}

/** A key as it is stored. */
export interface StoredKeyValue {
  readonly key: string;
  readonly value: string;
  readonly createRevision: number;
  readonly modRevision: number;
  readonly version: number;
  readonly lease: string;
}

/** What was stored before the first operation. */
export interface HistoryStart {
  /** The store's revision; a new store is at 1. */
  readonly revision: number;
  /** The last revision that was compacted, -1 for none. */
  readonly compactRevision: number;
  readonly kvs: readonly StoredKeyValue[];
}

/** All that the clients of one cluster did, in any order; nobody else may have written meanwhile. */
export interface History {
  /** A new, empty store unless told. */
  readonly start?: HistoryStart;
  readonly operations: readonly Operation[];
}
