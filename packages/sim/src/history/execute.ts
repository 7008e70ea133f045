import { compareKeys } from "./key-order.ts";
import type { ModelStore } from "./model-store.ts";
import type {
  Compare,
  CompareResult,
  DeleteRequest,
  HistoryRequest,
  HistoryResponse,
  PutRequest,
  RangeRequest,
  RangeResponse,
  StepResponse,
  StoredKeyValue,
  TxnRequest,
  TxnStep,
} from "./operation.ts";

/** Why the model refuses a request; nothing has changed then. */
export type Refusal = "compacted" | "future" | "key-not-found";

function holds(order: number, result: CompareResult): boolean {
  if (result === "=") return order === 0;
  if (result === "!=") return order !== 0;
  return result === ">" ? order > 0 : order < 0;
}

/** @param kv undefined stands for a key that is not there: zero in every number, and equal to no value. */
function compareHolds(compare: Compare, kv: StoredKeyValue | undefined): boolean {
  switch (compare.target) {
    case "version":
      return holds((kv?.version ?? 0) - compare.value, compare.result);
    case "create":
      return holds((kv?.createRevision ?? 0) - compare.value, compare.result);
    case "mod":
      return holds((kv?.modRevision ?? 0) - compare.value, compare.result);
    case "lease": {
      const stored = BigInt(kv?.lease ?? "0");
      const given = BigInt(compare.value);
      return holds(stored === given ? 0 : stored > given ? 1 : -1, compare.result);
    }
    case "value": {
      if (kv === undefined) return false;
      return holds(compareKeys(kv.value, compare.value), compare.result);
    }
  }
}

function allHold(store: ModelStore, compares: readonly Compare[]): boolean {
  return compares.every((compare) => {
    const kvs = store.range(compare.key, compare.rangeEnd);
    return kvs.length === 0 ? compareHolds(compare, undefined) : kvs.every((kv) => compareHolds(compare, kv));
  });
}

/** A transaction whose way is settled: comparisons look only at the state before the whole of it. */
interface ChosenTxn {
  readonly kind: "chosen";
  readonly succeeded: boolean;
  readonly steps: readonly ChosenStep[];
}

type ChosenStep = PutRequest | RangeRequest | DeleteRequest | ChosenTxn;

function choose(store: ModelStore, txn: TxnRequest): ChosenTxn {
  const succeeded = allHold(store, txn.compares);
  const steps = (succeeded ? txn.success : txn.failure).map(
    (step: TxnStep): ChosenStep => (step.kind === "txn" ? choose(store, step) : step),
  );
  return { kind: "chosen", succeeded, steps };
}

function canPut(store: ModelStore, put: PutRequest): boolean {
  const needsOld = put.ignoreValue === true || put.ignoreLease === true;
  return !needsOld || store.get(put.key) !== undefined;
}

function canRun(store: ModelStore, step: ChosenStep): boolean {
  if (step.kind === "chosen") return step.steps.every((inner) => canRun(store, inner));
  return step.kind !== "put" || canPut(store, step);
}

function readRange(store: ModelStore, range: RangeRequest, revision: number | undefined): RangeResponse {
  const all = store.range(range.key, range.rangeEnd, revision);
  const count = all.length;
  if (range.countOnly === true) return { kind: "range", kvs: [], count, more: false };
  const limit = range.limit ?? 0;
  const more = limit > 0 && count > limit;
  const shown = more ? all.slice(0, limit) : all;
  const kvs = range.keysOnly === true ? shown.map((kv) => ({ ...kv, value: "" })) : shown;
  return { kind: "range", kvs, count, more };
}

function runPut(store: ModelStore, put: PutRequest): StepResponse {
  const old = store.get(put.key);
  const value = put.ignoreValue === true ? (old?.value ?? "") : put.value;
  const lease = put.ignoreLease === true ? (old?.lease ?? "0") : (put.lease ?? "0");
  store.put(put.key, value, lease);
  return put.prevKv === true ? { kind: "put", prevKv: old ?? null } : { kind: "put" };
}

function runDelete(store: ModelStore, request: DeleteRequest): StepResponse {
  const gone = store.range(request.key, request.rangeEnd);
  for (const { key } of gone) store.delete(key);
  const response = { kind: "delete", deleted: gone.length } as const;
  return request.prevKv === true ? { ...response, prevKvs: gone } : response;
}

function runStep(store: ModelStore, step: ChosenStep): StepResponse {
  switch (step.kind) {
    case "put":
      return runPut(store, step);
    case "range":
      return readRange(store, step, undefined);
    case "delete":
      return runDelete(store, step);
    case "chosen":
      return {
        kind: "txn",
        succeeded: step.succeeded,
        responses: step.steps.map((inner) => runStep(store, inner)),
      };
  }
}

function runRange(store: ModelStore, range: RangeRequest): RangeResponse | Refusal {
  const revision = range.revision ?? 0;
  if (revision === 0) return readRange(store, range, undefined);
  if (revision > store.revision) return "future";
  if (revision < store.compactRevision) return "compacted";
  return readRange(store, range, revision);
}

/**
 * Does what the request asks, on the newest state, as etcd would: one revision more if anything was written.
 *
 * @returns the answer with every field that was asked for, or why there is none; then nothing has changed.
 */
export function execute(store: ModelStore, request: HistoryRequest): HistoryResponse | Refusal {
  const before = store.mark().changes;
  const response = executeSteps(store, request);
  if (store.mark().changes > before) store.revision += 1;
  return response;
}

function executeSteps(store: ModelStore, request: HistoryRequest): HistoryResponse | Refusal {
  switch (request.kind) {
    case "range":
      return runRange(store, request);
    case "put":
      return canPut(store, request) ? runPut(store, request) : "key-not-found";
    case "delete":
      return runDelete(store, request);
    case "txn": {
      const chosen = choose(store, request);
      return canRun(store, chosen) ? runStep(store, chosen) : "key-not-found";
    }
    case "compact":
      if (request.revision > store.revision) return "future";
      if (request.revision <= store.compactRevision) return "compacted";
      store.compactRevision = request.revision;
      return { kind: "compact" };
    case "revoke": {
      const bound = store.boundTo(request.lease);
      for (const { key } of bound) store.delete(key);
      return { kind: "delete", deleted: bound.length };
    }
  }
}
