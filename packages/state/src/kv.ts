import {
  type Compare,
  CompareResult,
  CompareTarget,
  type CompactionRequest,
  type DeleteRangeRequest,
  type KvErrorCode,
  newResponseHeader,
  type PutRequest,
  type RangeRequest,
  type RangeResponse,
  type RequestOp,
  type ResponseHeader,
  type ResponseOp,
  type TxnRequest,
  type TxnResponse,
  newTxnResponse,
} from "@quorate/api";
import { compareBytes, emptyBytes, type LeaseId } from "@quorate/base";
import {
  type Change,
  type KeyState,
  leaseOf,
  type MvccStore,
  type RangeOutcome,
  type RangeQuery,
  type SortOrder,
  type SortTarget,
  valueOf,
  type WriteTxn,
} from "@quorate/mvcc";
import type { Leases } from "./leases.ts";
import type { Outcome } from "./outcome.ts";

const noLease = 0n as LeaseId;

/** The query that a range request asks for. */
export function toRangeQuery(request: RangeRequest): RangeQuery {
  return {
    key: request.key,
    rangeEnd: request.rangeEnd,
    limit: request.limit,
    revision: request.revision,
    countOnly: request.countOnly,
    keysOnly: request.keysOnly,
    sortOrder: request.sortOrder as SortOrder,
    sortTarget: request.sortTarget as SortTarget,
    minModRevision: request.minModRevision,
    maxModRevision: request.maxModRevision,
    minCreateRevision: request.minCreateRevision,
    maxCreateRevision: request.maxCreateRevision,
  };
}

const refusalOf = (outcome: Exclude<RangeOutcome, { kind: "ok" }>): KvErrorCode =>
  outcome.kind === "future" ? "futureRev" : "compacted";

const header = (revision: number): ResponseHeader => ({ ...newResponseHeader(), revision });

/** Executes key-value requests on the store: what they change, and what they answer. */
export class KvMachine {
  readonly store: MvccStore;
  readonly #leases: Leases;
  /** How many of each were executed, for metrics. */
  readonly counts: { range: number; put: number; delete: number; txn: number } = {
    range: 0,
    put: 0,
    delete: 0,
    txn: 0,
  };
  /** Sees the changes of each committed transaction. */
  onChanges: ((changes: readonly Change[], revision: number) => void) | undefined;

  constructor(store: MvccStore, leases: Leases) {
    this.store = store;
    this.#leases = leases;
  }

  get revision(): number {
    return this.store.revision;
  }

  #refused(code: KvErrorCode): Outcome {
    return { kind: "refused", revision: this.store.revision, code };
  }

  #end(txn: WriteTxn): void {
    const changes = txn.end();
    if (changes.length === 0) return;
    this.#leases.onChanges(changes);
    this.onChanges?.(changes, txn.revision);
  }

  range(request: RangeRequest): Outcome {
    this.counts.range += 1;
    const outcome = this.store.range(toRangeQuery(request));
    if (outcome.kind !== "ok") return this.#refused(refusalOf(outcome));
    const { rows, more, count, revision } = outcome;
    return { kind: "range", revision, response: { kvs: rows as Uint8Array[], more, count } };
  }

  put(request: PutRequest): Outcome {
    if (request.lease !== noLease && !this.#leases.has(request.lease)) return this.#refused("leaseNotFound");
    const txn = this.store.begin();
    const refusal = this.#checkExisting(txn, request);
    if (refusal !== undefined) {
      this.#end(txn);
      return this.#refused(refusal);
    }
    const prevKv = this.#put(txn, request);
    this.#end(txn);
    return { kind: "put", revision: txn.revision, response: { prevKv } };
  }

  #checkExisting(txn: WriteTxn, request: PutRequest): KvErrorCode | undefined {
    if (!request.ignoreValue && !request.ignoreLease) return undefined;
    return txn.state(request.key) === undefined ? "keyNotFound" : undefined;
  }

  /** Puts; returns the row that was replaced, if it was asked for. */
  #put(txn: WriteTxn, request: PutRequest): Uint8Array | undefined {
    let { value, lease } = request;
    if (request.ignoreValue || request.ignoreLease) {
      const state = txn.state(request.key);
      const old = state === undefined ? undefined : this.store.row(state.modRevision, state.modSub);
      if (old !== undefined && request.ignoreValue) value = valueOf(old);
      if (old !== undefined && request.ignoreLease) lease = leaseOf(old);
    }
    const change = txn.put(request.key, value, lease);
    this.counts.put += 1;
    return request.prevKv ? this.#previous(change) : undefined;
  }

  #previous(change: Change): Uint8Array | undefined {
    return change.prevRevision === 0 ? undefined : this.store.row(change.prevRevision, change.prevSub);
  }

  deleteRange(request: DeleteRangeRequest): Outcome {
    const txn = this.store.begin();
    const { deleted, prevKvs } = this.#deleteRange(txn, request);
    const revision = txn.readRevision;
    this.#end(txn);
    return { kind: "deleteRange", revision, response: { deleted, prevKvs } };
  }

  #deleteRange(txn: WriteTxn, request: DeleteRangeRequest): { deleted: number; prevKvs: Uint8Array[] } {
    const changes = txn.deleteRange(request.key, request.rangeEnd);
    this.counts.delete += 1;
    const prevKvs: Uint8Array[] = [];
    if (request.prevKv) {
      for (const change of changes) {
        const row = this.#previous(change);
        if (row !== undefined) prevKvs.push(row);
      }
    }
    return { deleted: changes.length, prevKvs };
  }

  /** Ends a lease: its keys are deleted in their order, all at one revision, then the lease itself. */
  revokeLease(id: LeaseId): Outcome {
    if (!this.#leases.has(id)) return this.#refused("leaseNotFound");
    const keys = this.#leases.keysOf(id);
    if (keys.length > 0) {
      const txn = this.store.begin();
      for (const key of keys) txn.deleteRange(key);
      this.#end(txn);
    }
    this.#leases.remove(id);
    return { kind: "leaseRevoke", revision: this.store.revision, response: {} };
  }

  compact(request: CompactionRequest): Outcome {
    const result = this.store.compact(request.revision);
    if (result.kind !== "ok") return this.#refused(refusalOf(result));
    return { kind: "compaction", revision: this.store.revision, response: {} };
  }

  /**
   * Executes a transaction.
   *
   * What it changes is decided without its top-level ranges, so that members that answer nobody come to the same state;
   * a range that cannot be read then only spoils the answer.
   *
   * @param wanted false when nobody here waits for the answer: top-level ranges are not read then.
   * @param strict a top-level range that cannot be read spoils the whole transaction, as in clusters from 3.7 on.
   */
  txn(request: TxnRequest, wanted: boolean, strict: boolean): Outcome {
    this.counts.txn += 1;
    const path = this.#choosePath(request);
    const refusal = this.#checkPath(path, !strict);
    if (refusal !== undefined) return this.#refused(refusal);
    const txn = this.store.begin();
    const state: TxnRun = { txn, wanted, refusal: undefined };
    const response = this.#run(state, path, true);
    const revision = txn.readRevision;
    this.#end(txn);
    if (state.refusal !== undefined) return { kind: "refused", revision, code: state.refusal };
    return { kind: "txn", revision, response };
  }

  /**
   * Tells why a top-level range of the branch that would be taken now cannot be read; undefined when all can. Members
   * that nobody asked do not look at those ranges, so whoever is asked looks before the transaction is proposed.
   */
  unreadableRange(request: TxnRequest): KvErrorCode | undefined {
    return this.#unreadableIn(this.#choosePath(request));
  }

  #unreadableIn(path: TxnPath): KvErrorCode | undefined {
    for (const { requestRange } of path.ops) {
      const refusal = requestRange === undefined ? undefined : this.#checkRevision(requestRange);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  /** A transaction without writes, read at once. */
  readOnlyTxn(request: TxnRequest): Outcome {
    const path = this.#choosePath(request);
    const refusal = this.#unreadableIn(path);
    if (refusal !== undefined) return this.#refused(refusal);
    const { revision } = this.store;
    const responses: ResponseOp[] = [];
    for (const { requestRange } of path.ops) {
      if (requestRange === undefined) continue;
      const outcome = this.store.range(toRangeQuery(requestRange));
      if (outcome.kind !== "ok") return this.#refused(refusalOf(outcome));
      responses.push(responseOp({ responseRange: rangeResponse(outcome, revision) }));
    }
    return { kind: "txn", revision, response: { succeeded: path.succeeded, responses } };
  }

  /** Evaluates all compares of the tree on the state before the transaction. */
  #choosePath(request: TxnRequest): TxnPath {
    const succeeded = request.compare.every((compare) => this.#holds(compare));
    const ops = succeeded ? request.success : request.failure;
    const nested = ops.map((op) => (op.requestTxn === undefined ? undefined : this.#choosePath(op.requestTxn)));
    return { succeeded, ops, nested };
  }

  /** @param lenient true where ranges of this level are not judged. */
  #checkPath(path: TxnPath, lenient: boolean): KvErrorCode | undefined {
    for (const [i, op] of path.ops.entries()) {
      const refusal = this.#checkOp(op, path.nested[i], lenient);
      if (refusal !== undefined) return refusal;
    }
    return undefined;
  }

  #checkOp(op: RequestOp, nested: TxnPath | undefined, lenient: boolean): KvErrorCode | undefined {
    if (nested !== undefined) return this.#checkPath(nested, false);
    if (op.requestRange !== undefined) return lenient ? undefined : this.#checkRevision(op.requestRange);
    const put = op.requestPut;
    if (put === undefined) return undefined;
    if ((put.ignoreValue || put.ignoreLease) && this.store.state(put.key) === undefined) return "keyNotFound";
    if (put.lease !== noLease && !this.#leases.has(put.lease)) return "leaseNotFound";
    return undefined;
  }

  #checkRevision(request: RangeRequest): KvErrorCode | undefined {
    const refusal = this.store.refusal(request.revision);
    return refusal === undefined ? undefined : refusalOf(refusal);
  }

  #run(run: TxnRun, path: TxnPath, top: boolean): TxnResponse {
    const responses: ResponseOp[] = [];
    for (const [i, op] of path.ops.entries()) {
      const nested = path.nested[i];
      if (nested !== undefined) {
        responses.push(responseOp({ responseTxn: this.#run(run, nested, false) }));
      } else if (op.requestRange !== undefined) {
        if (top && !run.wanted) continue;
        responses.push(responseOp({ responseRange: this.#rangeIn(run, op.requestRange) }));
      } else if (op.requestPut !== undefined) {
        const prevKv = this.#put(run.txn, op.requestPut);
        responses.push(responseOp({ responsePut: { header: header(run.txn.revision), prevKv } }));
      } else if (op.requestDeleteRange !== undefined) {
        const { deleted, prevKvs } = this.#deleteRange(run.txn, op.requestDeleteRange);
        const revision = run.txn.readRevision;
        responses.push(responseOp({ responseDeleteRange: { header: header(revision), deleted, prevKvs } }));
      }
    }
    return { ...newTxnResponse(), header: top ? undefined : newResponseHeader(), succeeded: path.succeeded, responses };
  }

  #rangeIn(run: TxnRun, request: RangeRequest): RangeResponse {
    const refusal = this.#checkRevision(request);
    const outcome = refusal === undefined ? run.txn.range(toRangeQuery(request)) : undefined;
    if (outcome === undefined || outcome.kind !== "ok") {
      run.refusal ??= refusal ?? (outcome === undefined ? undefined : refusalOf(outcome));
      return { header: undefined, kvs: [], more: false, count: 0 };
    }
    return rangeResponse(outcome, run.txn.readRevision);
  }

  #holds(compare: Compare): boolean {
    if (compare.rangeEnd.length === 0) return this.#holdsFor(compare, this.store.state(compare.key));
    let seen = false;
    const all = this.store.visitStates(compare.key, compare.rangeEnd, (state) => {
      seen = true;
      return this.#holdsFor(compare, state);
    });
    return seen ? all : this.#holdsFor(compare, undefined);
  }

  /** Compares one key. An absent one has zeros everywhere, and no value that any comparison could hold for. */
  #holdsFor(compare: Compare, state: KeyState | undefined): boolean {
    const { result } = compare;
    switch (compare.target) {
      case CompareTarget.VERSION:
        return judge(result, (state?.version ?? 0) - (compare.version ?? 0));
      case CompareTarget.CREATE:
        return judge(result, (state?.createRevision ?? 0) - (compare.createRevision ?? 0));
      case CompareTarget.MOD:
        return judge(result, (state?.modRevision ?? 0) - (compare.modRevision ?? 0));
      case CompareTarget.VALUE: {
        if (state === undefined) return false;
        const value = valueOf(this.store.row(state.modRevision, state.modSub));
        return judge(result, compareBytes(value, compare.value ?? emptyBytes));
      }
      case CompareTarget.LEASE: {
        const stored = state === undefined ? noLease : leaseOf(this.store.row(state.modRevision, state.modSub));
        const given = compare.lease ?? noLease;
        return judge(result, stored === given ? 0 : stored > given ? 1 : -1);
      }
      default:
        return judge(result, 0);
    }
  }
}

interface TxnPath {
  readonly succeeded: boolean;
  readonly ops: readonly RequestOp[];
  /** By position: the path of a nested transaction. */
  readonly nested: readonly (TxnPath | undefined)[];
}

interface TxnRun {
  readonly txn: WriteTxn;
  readonly wanted: boolean;
  refusal: KvErrorCode | undefined;
}

function responseOp(one: Partial<ResponseOp>): ResponseOp {
  return {
    responseRange: one.responseRange,
    responsePut: one.responsePut,
    responseDeleteRange: one.responseDeleteRange,
    responseTxn: one.responseTxn,
  };
}

function rangeResponse(outcome: Extract<RangeOutcome, { kind: "ok" }>, revision: number): RangeResponse {
  return { header: header(revision), kvs: outcome.rows as Uint8Array[], more: outcome.more, count: outcome.count };
}

/** @param order sign of "stored compared with given". A result number that nobody knows always holds. */
function judge(result: number, order: number): boolean {
  switch (result) {
    case CompareResult.EQUAL:
      return order === 0;
    case CompareResult.GREATER:
      return order > 0;
    case CompareResult.LESS:
      return order < 0;
    case CompareResult.NOT_EQUAL:
      return order !== 0;
    default:
      return true;
  }
}
