import type { HistoryRequest, HistoryResponse, SeenKeyValue, TxnRequest, TxnStep } from "./operation.ts";

function onlyRanges(txn: TxnRequest): boolean {
  return [...txn.success, ...txn.failure].every((step) => step.kind === "range");
}

/** Whether a request can change what is stored. A nested transaction counts as one that can, as in etcd. */
export function canWrite(request: HistoryRequest): boolean {
  if (request.kind === "txn") return !onlyRanges(request);
  return request.kind !== "range";
}

/** Whether an answer need not be fresh: serializable ranges, and transactions of nothing else (or of nothing at all). */
export function isSerializable(request: HistoryRequest): boolean {
  if (request.kind === "range") return request.serializable === true;
  if (request.kind !== "txn" || !onlyRanges(request)) return false;
  return [...request.success, ...request.failure].every((step) => isSerializable(step));
}

/** Whether an answer says that something was written: then its revision is that of the write. */
export function hasWritten(response: HistoryResponse): boolean {
  switch (response.kind) {
    case "put":
      return true;
    case "delete":
      return response.deleted > 0;
    case "txn":
      return response.responses.some(hasWritten);
    case "range":
    case "compact":
      return false;
  }
}

/** Calls `visit` with each simple step that a request could take, on whichever branch. */
export function eachStep(request: HistoryRequest, visit: (step: Exclude<TxnStep, TxnRequest>) => void): void {
  if (request.kind === "compact" || request.kind === "revoke") return;
  if (request.kind !== "txn") {
    visit(request);
    return;
  }
  for (const step of request.success) eachStep(step, visit);
  for (const step of request.failure) eachStep(step, visit);
}

/** Calls `visit` with each key-value that an answer shows; `values` is false where values were not asked for. */
export function eachSeen(
  request: HistoryRequest,
  response: HistoryResponse,
  visit: (kv: SeenKeyValue, values: boolean) => void,
): void {
  if (response.kind === "range") {
    const values = !(request.kind === "range" && request.keysOnly === true);
    for (const kv of response.kvs) visit(kv, values);
  } else if (response.kind === "put") {
    if (response.prevKv !== undefined && response.prevKv !== null) visit(response.prevKv, true);
  } else if (response.kind === "delete") {
    for (const kv of response.prevKvs ?? []) visit(kv, true);
  } else if (response.kind === "txn" && request.kind === "txn") {
    const branch = response.succeeded ? request.success : request.failure;
    for (const [i, inner] of response.responses.entries()) {
      const step = branch[i];
      if (step !== undefined) eachSeen(step, inner, visit);
    }
  }
}
