import { SeededRandom } from "@quorate/base";
import { execute } from "../execute.ts";
import { ModelStore } from "../model-store.ts";
import type { History, HistoryResponse, OkResult, Operation, OperationResult, SeenKeyValue } from "../operation.ts";
import { eachSeen, hasWritten } from "../requests.ts";

/** Mistakes that a store could make. */
export const breakages = [
  "stale-read",
  "future-read",
  "lost-write",
  "duplicated-write",
  "reordered-revisions",
  "wrong-previous-value",
  "phantom-read",
  "missing-key",
  "revision-regression",
  "skipped-revision",
  "wrong-count",
  "wrong-branch",
  "torn-range",
  "failure-that-happened",
  "wrong-version",
  "untrue-compacted",
  "unnoticed-compaction",
] as const;

export type Breakage = (typeof breakages)[number];

/** A mistake in one or several operations; undefined when the history has no place for it. */
type Break = (operations: readonly Operation[], random: SeededRandom) => Operation[] | undefined;

function answered(operation: Operation): operation is Operation & { readonly result: OkResult } {
  return operation.result.status === "ok";
}

function choose(operations: readonly Operation[], random: SeededRandom, fits: (one: Operation) => boolean): number {
  const places = operations.map((_, place) => place).filter((place) => fits(operations[place] as Operation));
  return places.length === 0 ? -1 : (places[random.below(places.length)] as number);
}

function withResult(operations: readonly Operation[], place: number, result: OperationResult): Operation[] {
  return operations.map((operation, at) => (at === place ? { ...operation, result } : operation));
}

/** Changes the answer of one operation that fits. */
function change(fits: (one: Operation) => boolean, by: (result: OkResult, random: SeededRandom) => OkResult): Break {
  return (operations, random) => {
    const place = choose(operations, random, (one) => answered(one) && fits(one));
    const operation = operations[place];
    if (operation === undefined || !answered(operation)) return undefined;
    return withResult(operations, place, by(operation.result, random));
  };
}

const isWrite = (one: Operation): boolean => answered(one) && hasWritten(one.result.response);
const isRead = (one: Operation): boolean => one.request.kind === "range" && (one.request.revision ?? 0) === 0;
const shows = (one: Operation): boolean => answered(one) && seenIn(one).length > 0;

function seenIn(operation: Operation): SeenKeyValue[] {
  const seen: SeenKeyValue[] = [];
  if (answered(operation)) eachSeen(operation.request, operation.result.response, (kv) => seen.push(kv));
  return seen;
}

/** Replaces each key-value of an answer by what `by` gives, or takes it away. */
function mapSeen(response: HistoryResponse, by: (kv: SeenKeyValue) => SeenKeyValue | null): HistoryResponse {
  switch (response.kind) {
    case "put":
      return response.prevKv === undefined || response.prevKv === null
        ? response
        : { ...response, prevKv: by(response.prevKv) };
    case "range":
      return { ...response, kvs: response.kvs.map(by).filter((kv) => kv !== null) };
    case "delete":
      return response.prevKvs === undefined
        ? response
        : { ...response, prevKvs: response.prevKvs.map(by).filter((kv) => kv !== null) };
    case "txn":
      return { ...response, responses: response.responses.map((inner) => mapSeen(inner, by) as typeof inner) };
    case "compact":
      return response;
  }
}

/** Changes one key-value of an answer. */
function changeSeen(by: (kv: SeenKeyValue) => SeenKeyValue | null): Break {
  return change(shows, (result, random) => {
    let count = 0;
    mapSeen(result.response, (kv) => {
      count += 1;
      return kv;
    });
    let left = random.below(Math.max(1, count));
    return {
      ...result,
      response: mapSeen(result.response, (kv) => {
        left -= 1;
        return left === -1 ? by(kv) : kv;
      }),
    };
  });
}

/** The store after all known writes in the order of their revisions; good enough to lie with. */
function replayed(operations: readonly Operation[]): ModelStore {
  const store = new ModelStore({ revision: 1, compactRevision: -1, kvs: [] }, false);
  const writes = operations.filter((one) => isWrite(one)) as (Operation & { readonly result: OkResult })[];
  for (const { request, result } of writes.sort((a, b) => a.result.revision - b.result.revision)) {
    store.revision = Math.max(store.revision, result.revision - 1);
    execute(store, request);
  }
  return store;
}

/** Answers a read from the state `back` revisions before (after, if negative) its own. */
function misread(back: (random: SeededRandom) => number): Break {
  return (operations, random) => {
    const store = replayed(operations);
    const place = choose(operations, random, (one) => answered(one) && isRead(one));
    const operation = operations[place];
    if (operation === undefined || !answered(operation) || operation.request.kind !== "range") return undefined;
    const revision = Math.max(1, Math.min(store.revision, operation.result.revision - back(random)));
    const response = execute(store, { ...operation.request, revision });
    if (typeof response === "string" || revision === operation.result.revision) return undefined;
    return withResult(operations, place, { status: "ok", revision, response });
  };
}

/** Runs the operations anew in the order of their effects, with one of them treated in another way. */
function rerun(what: "lose" | "double" | "deny"): Break {
  return (operations, random) => {
    const place = choose(operations, random, isWrite);
    if (place < 0) return undefined;
    const at = (one: Operation): number => (answered(one) ? one.result.revision : Number.POSITIVE_INFINITY);
    const order = operations
      .map((_, i) => i)
      .sort((a, b) => {
        const [left, right] = [operations[a] as Operation, operations[b] as Operation];
        if (at(left) === at(right)) return Number(isWrite(right)) - Number(isWrite(left)) || a - b;
        return at(left) < at(right) ? -1 : 1;
      });
    const store = new ModelStore({ revision: 1, compactRevision: -1, kvs: [] }, false);
    const results = new Map<number, OperationResult>();
    for (const i of order) {
      const { request, result } = operations[i] as Operation;
      if (result.status !== "ok") continue;
      const mark = store.mark();
      const response = execute(store, request);
      if (typeof response === "string") results.set(i, { status: "failed", error: response });
      else results.set(i, { status: "ok", revision: store.revision, response });
      if (i !== place) continue;
      if (what === "lose") store.undo(mark);
      if (what === "double") execute(store, request);
      if (what === "deny") results.set(i, { status: "failed", error: "denied" });
    }
    return operations.map((operation, i) => ({ ...operation, result: results.get(i) ?? operation.result }));
  };
}

const table: Readonly<Record<Breakage, Break>> = {
  "stale-read": misread((random) => 1 + random.below(3)),
  "future-read": misread((random) => -1 - random.below(3)),
  "lost-write": rerun("lose"),
  "duplicated-write": rerun("double"),
  "failure-that-happened": rerun("deny"),
  "reordered-revisions": (operations, random) => {
    const first = choose(operations, random, isWrite);
    const second = choose(operations, random, (one) => isWrite(one) && one !== operations[first]);
    const [a, b] = [operations[first]?.result, operations[second]?.result];
    if (a?.status !== "ok" || b?.status !== "ok") return undefined;
    const swapped = withResult(operations, first, { ...a, revision: b.revision });
    return withResult(swapped, second, { ...b, revision: a.revision });
  },
  "wrong-previous-value": change(
    (one) => answered(one) && one.result.response.kind === "put" && one.result.response.prevKv !== undefined,
    (result) => {
      const { prevKv } = result.response as { readonly prevKv: SeenKeyValue | null };
      const wrong = prevKv === null ? { key: "k0", value: "never" } : { ...prevKv, value: `${prevKv.value}?` };
      return { ...result, response: { kind: "put", prevKv: wrong } };
    },
  ),
  "phantom-read": changeSeen((kv) => ({ ...kv, value: "phantom" })),
  "missing-key": changeSeen(() => null),
  "wrong-version": changeSeen((kv) => ({ ...kv, version: (kv.version ?? 0) + 1 })),
  "revision-regression": change(
    () => true,
    (result, random) => ({ ...result, revision: Math.max(1, result.revision - 1 - random.below(3)) }),
  ),
  "skipped-revision": (operations, random) => {
    const from = 2 + random.below(operations.length);
    return operations.map((operation) => {
      const { result } = operation;
      if (result.status !== "ok" || result.revision < from) return operation;
      return { ...operation, result: { ...result, revision: result.revision + 1 } };
    });
  },
  "wrong-count": change(
    (one) => answered(one) && (one.result.response.kind === "range" || one.result.response.kind === "delete"),
    (result) => {
      const { response } = result;
      if (response.kind === "range") return { ...result, response: { ...response, count: (response.count ?? 0) + 1 } };
      return { ...result, response: { ...response, deleted: (response as { deleted: number }).deleted + 1 } as never };
    },
  ),
  "wrong-branch": change(
    (one) => one.request.kind === "txn" && one.request.compares.length > 0,
    (result) => ({
      ...result,
      response: { ...result.response, succeeded: !(result.response as { succeeded: boolean }).succeeded } as never,
    }),
  ),
  "torn-range": (operations, random) => {
    const store = replayed(operations);
    const place = choose(operations, random, (one) => isRead(one) && seenIn(one).length > 1);
    const operation = operations[place];
    if (operation === undefined || !answered(operation) || operation.result.response.kind !== "range") return undefined;
    const { response, revision } = operation.result;
    const kvs = response.kvs.map((kv, i) => {
      const older = store.range(kv.key, undefined, revision - 2)[0];
      return i === 0 && older !== undefined ? older : kv;
    });
    return withResult(operations, place, { status: "ok", revision, response: { ...response, kvs } });
  },
  "untrue-compacted": (operations, random) => {
    const past = (one: Operation): boolean => one.request.kind === "range" && (one.request.revision ?? 0) > 0;
    const place = choose(operations, random, (one) => answered(one) && (past(one) || one.request.kind === "compact"));
    return place < 0 ? undefined : withResult(operations, place, { status: "failed", error: "compacted" });
  },
  "unnoticed-compaction": (operations, random) => {
    const store = replayed(operations);
    const place = choose(
      operations,
      random,
      ({ result }) => result.status === "failed" && result.error === "compacted",
    );
    const operation = operations[place];
    if (operation === undefined || operation.request.kind !== "range") return undefined;
    const response = execute(store, operation.request);
    if (typeof response === "string") return undefined;
    return withResult(operations, place, { status: "ok", revision: store.revision, response });
  },
};

/**
 * Plants one mistake in a history.
 *
 * @returns undefined when the history has no place for it. A mistake can go unseen: a stale read, for one, is none if the
 *   write that it misses was still under way.
 */
export function breakHistory(history: History, breakage: Breakage, seed: number): History | undefined {
  const operations = table[breakage](history.operations, new SeededRandom(seed));
  return operations === undefined ? undefined : { ...history, operations };
}
