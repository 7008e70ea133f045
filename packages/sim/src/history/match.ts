import type { HistoryRequest, HistoryResponse, SeenKeyValue, TxnStep } from "./operation.ts";

/** How an answer differs from the expected one: a sentence, and the key where one can be named. */
export interface Mismatch {
  readonly reason: string;
  readonly key?: string;
  /** The revisions of that key as expected and as seen, 0 for none. */
  readonly revisions?: readonly number[];
}

const textMax = 60;

function show(value: unknown): string {
  const text = JSON.stringify(value) ?? "nothing";
  return text.length <= textMax ? text : `${text.slice(0, textMax)}…`;
}

const fields = ["value", "createRevision", "modRevision", "version", "lease"] as const;

function matchKv(
  expected: SeenKeyValue | null,
  seen: SeenKeyValue | null,
  without: "none" | "lease",
): Mismatch | undefined {
  const key = (seen ?? expected)?.key ?? "";
  const revisions = [expected?.modRevision ?? 0, seen?.modRevision ?? 0];
  if (expected === null || seen === null) {
    if (expected === seen) return undefined;
    const [was, is] = [expected, seen].map((kv) => (kv === null ? "no key" : `a key`));
    return { reason: `${show(key)}: ${is} was seen, ${was} expected`, key, revisions };
  }
  if (expected.key !== seen.key) {
    return { reason: `key ${show(seen.key)} was seen where ${show(expected.key)} is expected`, key, revisions };
  }
  for (const field of fields) {
    if (seen[field] === undefined || seen[field] === expected[field]) continue;
    if (field === "lease" && without === "lease") continue;
    const reason = `${show(key)}: ${field} ${show(seen[field])} was seen, ${show(expected[field])} expected`;
    return { reason, key, revisions };
  }
  return undefined;
}

function matchKvs(
  expected: readonly SeenKeyValue[],
  seen: readonly SeenKeyValue[],
  without: "none" | "lease",
): Mismatch | undefined {
  const length = Math.min(expected.length, seen.length);
  for (let i = 0; i < length; i++) {
    const mismatch = matchKv(expected[i] as SeenKeyValue, seen[i] as SeenKeyValue, without);
    if (mismatch !== undefined) return mismatch;
  }
  return expected.length === seen.length ? undefined : matchKv(expected[length] ?? null, seen[length] ?? null, without);
}

function matchCounts(name: string, expected: unknown, seen: unknown): Mismatch | undefined {
  if (seen === undefined || seen === expected) return undefined;
  return { reason: `${name} ${show(seen)} was seen, ${show(expected)} expected` };
}

/** Compares an answer with what the model says; what a client did not record is not compared. */
export function matchResponse(
  request: HistoryRequest,
  expected: HistoryResponse,
  seen: HistoryResponse,
): Mismatch | undefined {
  if (expected.kind === "range" && seen.kind === "range") {
    // With keysOnly the lease is told by some versions of etcd and not by others.
    const without = request.kind === "range" && request.keysOnly === true ? "lease" : "none";
    return (
      matchKvs(expected.kvs, seen.kvs, without) ??
      matchCounts("count", expected.count, seen.count) ??
      matchCounts("more", expected.more, seen.more)
    );
  }
  if (expected.kind === "put" && seen.kind === "put") {
    if (seen.prevKv === undefined || expected.prevKv === undefined) return undefined;
    return matchKv(expected.prevKv, seen.prevKv, "none");
  }
  if (expected.kind === "delete" && seen.kind === "delete") {
    const shown =
      seen.prevKvs === undefined || expected.prevKvs === undefined
        ? undefined
        : matchKvs(expected.prevKvs, seen.prevKvs, "none");
    return shown ?? matchCounts("deleted", expected.deleted, seen.deleted);
  }
  if (expected.kind === "txn" && seen.kind === "txn" && request.kind === "txn") {
    if (expected.succeeded !== seen.succeeded) return matchCounts("succeeded", expected.succeeded, seen.succeeded);
    const branch = seen.succeeded ? request.success : request.failure;
    for (const [i, inner] of expected.responses.entries()) {
      const answer = seen.responses[i];
      if (answer === undefined) return { reason: "an answer inside of the transaction is missing" };
      const mismatch = matchResponse(branch[i] as TxnStep, inner, answer);
      if (mismatch !== undefined) return mismatch;
    }
    return matchCounts("answers in the transaction", expected.responses.length, seen.responses.length);
  }
  return expected.kind === seen.kind
    ? undefined
    : { reason: `an answer of kind ${seen.kind} was seen, ${expected.kind} expected` };
}
