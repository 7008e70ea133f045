import { gather, possibleWrites } from "./evidence.ts";
import type { History, HistoryStart, OkResult, Operation, RangeRequest } from "./operation.ts";
import { canWrite, hasWritten, isSerializable } from "./requests.ts";
import type { Violation, ViolationKind } from "./verdict.ts";

const emptyStart: HistoryStart = { revision: 1, compactRevision: -1, kvs: [] };

/**
 * A history sorted by what is known of each operation. Operations are named by their position.
 *
 * In etcd every write makes one revision, so whatever a header shows, all revisions up to it were made, each by one of
 * the known writes or by a write whose result is unknown. A write that would make a later revision than any that was
 * seen has the same meaning as one that never took effect; the same goes for compactions beyond it.
 */
export interface Prepared {
  readonly start: HistoryStart;
  readonly operations: readonly Operation[];
  /** The highest revision that any answer shows. */
  readonly last: number;
  /** Who made the revision `start.revision + i`; -1 where several could have. */
  readonly owners: Int32Array;
  /** For each revision without an owner the unknown writes that could have made it, at least two. */
  readonly candidates: ReadonlyMap<number, readonly number[]>;
  /** Answered operations that wrote nothing, compactions apart, by revision and time. */
  readonly reads: readonly number[];
  /** Answered compactions, by the revision that they compacted. */
  readonly compactions: readonly number[];
  /** Those with an unknown result that can have taken effect. */
  readonly doubtfulCompactions: readonly number[];
  /** Ranges and compactions that were refused as compacted or future. */
  readonly refused: readonly number[];
  /** Whether any answer shows the state of an earlier revision than its own. */
  readonly readsPast: boolean;
}

/** When an operation can have taken effect at the earliest: a serializable read may show any earlier state. */
export function earliest(operation: Operation): number {
  return isSerializable(operation.request) ? Number.NEGATIVE_INFINITY : operation.invoke;
}

/** When an operation has taken effect at the latest. */
export function latest(operation: Operation): number {
  return operation.result.status === "unknown" ? Number.POSITIVE_INFINITY : operation.return;
}

/** The revision in the header of an answered operation. */
export function headerOf(operation: Operation): number {
  return (operation.result as OkResult).revision;
}

/** The earlier revision that a range asks for, 0 when it reads the newest state. */
export function pastOf(operation: Operation): number {
  return operation.request.kind === "range" ? (operation.request.revision ?? 0) : 0;
}

export function violation(kind: ViolationKind, operations: readonly number[], reason: string): Violation {
  const places = [...new Set(operations.filter((place) => place >= 0))].sort((a, b) => a - b);
  return { kind, operations: places, reason };
}

interface Sorted {
  readonly writes: number[];
  readonly reads: number[];
  readonly compactions: number[];
  readonly refused: number[];
  readonly doubtfulWrites: number[];
  readonly doubtfulCompactions: number[];
}

function sortOut(operations: readonly Operation[]): Sorted {
  const sorted: Sorted = {
    writes: [],
    reads: [],
    compactions: [],
    refused: [],
    doubtfulWrites: [],
    doubtfulCompactions: [],
  };
  for (const [place, { request, result }] of operations.entries()) {
    if (result.status === "ok") {
      if (request.kind === "compact") sorted.compactions.push(place);
      else (hasWritten(result.response) ? sorted.writes : sorted.reads).push(place);
    } else if (result.status === "failed") {
      const judged = result.error === "compacted" || result.error === "future";
      if (judged && (request.kind === "range" || request.kind === "compact")) sorted.refused.push(place);
    } else if (request.kind === "compact") {
      sorted.doubtfulCompactions.push(place);
    } else if (canWrite(request)) {
      sorted.doubtfulWrites.push(place);
    }
  }
  return sorted;
}

/** Gives each revision to the write that was answered with it. */
function ownersOf(
  operations: readonly Operation[],
  sorted: Sorted,
  first: number,
  last: number,
): Int32Array | Violation {
  const most = sorted.writes.length + sorted.doubtfulWrites.length;
  if (last - first > most) {
    const reason = `revision ${last} was seen, but there are only ${most} writes that can have made any since ${first}`;
    return violation("missing-revision", [witnessOf(operations, last)], reason);
  }
  const owners = new Int32Array(last - first + 1).fill(-1);
  for (const place of sorted.writes) {
    const revision = headerOf(operations[place] as Operation);
    const other = owners[revision - first] as number;
    if (other >= 0 || revision === first) {
      const reason = other >= 0 ? "two writes were answered with" : "a write was answered with the first of all,";
      return violation("duplicate-revision", [other, place], `${reason} revision ${revision}`);
    }
    owners[revision - first] = place;
  }
  return owners;
}

/** An answered operation that shows `revision` or a later one: the first that returned. */
function witnessOf(operations: readonly Operation[], revision: number): number {
  let witness = -1;
  for (const [place, operation] of operations.entries()) {
    if (operation.result.status !== "ok" || headerOf(operation) < revision) continue;
    if (witness < 0 || operation.return < (operations[witness] as Operation).return) witness = place;
  }
  return witness;
}

function byRevision(operations: readonly Operation[], places: number[]): number[] {
  const at = (place: number): Operation => operations[place] as Operation;
  return places.sort((a, b) => headerOf(at(a)) - headerOf(at(b)) || at(a).invoke - at(b).invoke || a - b);
}

/** Finds what no order can mend, and gives revisions to unknown writes where only one can have made them. */
export function prepare(history: History): Prepared | Violation {
  const { operations, start = emptyStart } = history;
  const sorted = sortOut(operations);
  const first = start.revision;
  let last = first;
  for (const [place, { result, request }] of operations.entries()) {
    if (result.status !== "ok") continue;
    if (result.revision < first) {
      return violation("wrong-answer", [place], `revision ${result.revision} is older than the history, from ${first}`);
    }
    const past = request.kind === "range" ? (request.revision ?? 0) : 0;
    if (past > result.revision) {
      return violation("wrong-answer", [place], `revision ${past} was read from a store at ${result.revision}`);
    }
    last = Math.max(last, result.revision);
  }
  for (const place of sorted.refused) {
    const { request } = operations[place] as Operation;
    if (request.kind === "range" && (request.revision ?? 0) === 0) {
      return violation("wrong-answer", [place], "the newest state was refused as compacted or future");
    }
  }
  const owners = ownersOf(operations, sorted, first, last);
  if ("kind" in owners) return owners;
  const candidates = possibleWrites(
    operations,
    sorted.doubtfulWrites,
    gather(operations, owners, first),
    owners,
    first,
  );
  const orphan = [...candidates].find(([, places]) => places.length === 0)?.[0];
  if (orphan !== undefined) {
    const around = [owners[orphan - 1 - first] ?? -1, witnessOf(operations, orphan)];
    return violation("missing-revision", around, `revision ${orphan} was seen, but no write can have made it`);
  }
  return {
    start,
    operations,
    last,
    owners,
    candidates,
    reads: byRevision(operations, sorted.reads),
    compactions: sorted.compactions.sort((a, b) => compacted(operations, a) - compacted(operations, b)),
    doubtfulCompactions: sorted.doubtfulCompactions.filter((place) => compacted(operations, place) <= last),
    refused: sorted.refused,
    readsPast: operations.some((operation) => pastOf(operation) > 0),
  };
}

/** The revision that a compaction, or a range that was refused like one, names. */
export function compacted(operations: readonly Operation[], place: number): number {
  const { request } = operations[place] as Operation;
  if (request.kind === "compact") return request.revision;
  return (request as RangeRequest).revision ?? 0;
}
