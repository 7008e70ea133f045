import { describe, expect, test } from "vitest";
import { checkHistory } from "./check.ts";
import type { HistoryRequest, HistoryResponse, HistoryStart, Operation, OperationResult } from "./operation.ts";
import type { Verdict, ViolationKind } from "./verdict.ts";

/** An operation by a client of its own, from `invoke` to `end`. */
function op(invoke: number, end: number, request: HistoryRequest, result: OperationResult): Operation {
  return { client: invoke, invoke, return: end, request, result };
}

const ok = (revision: number, response: HistoryResponse): OperationResult => ({ status: "ok", revision, response });
const unknown: OperationResult = { status: "unknown" };

const put = (invoke: number, end: number, key: string, value: string, revision: number): Operation =>
  op(invoke, end, { kind: "put", key, value }, ok(revision, { kind: "put" }));

const lostPut = (invoke: number, key: string, value: string): Operation =>
  op(invoke, invoke, { kind: "put", key, value }, unknown);

/** A read of one key that saw a value, or nothing, in a store at `revision`. */
function get(invoke: number, end: number, key: string, value: string | null, revision: number, past = 0): Operation {
  const kvs = value === null ? [] : [{ key, value }];
  const request: HistoryRequest = past > 0 ? { kind: "range", key, revision: past } : { kind: "range", key };
  return op(invoke, end, request, ok(revision, { kind: "range", kvs }));
}

const compact = (invoke: number, end: number, target: number, revision: number): Operation =>
  op(invoke, end, { kind: "compact", revision: target }, ok(revision, { kind: "compact" }));

const refused = (invoke: number, end: number, past: number, error: "compacted" | "future"): Operation =>
  op(invoke, end, { kind: "range", key: "a", revision: past }, { status: "failed", error });

/** What both judges say; they must say the same. */
function judge(operations: readonly Operation[], start?: HistoryStart): Verdict {
  return checkHistory(start === undefined ? { operations } : { start, operations });
}

function expectBroken(operations: readonly Operation[], kind: ViolationKind, places: readonly number[]): void {
  const verdict = judge(operations);
  expect(verdict).toMatchObject({ outcome: "not-linearizable", violation: { kind, operations: places } });
  for (const one of ["revision", "search"] as const) {
    expect(checkHistory({ operations }, { judge: one }).outcome).toBe("not-linearizable");
  }
}

function expectHolds(operations: readonly Operation[], start?: HistoryStart): void {
  expect(judge(operations, start)).toEqual({ outcome: "linearizable" });
}

describe("a history is not linearizable", () => {
  test("when a read misses a write that had returned before it began (stale read)", () => {
    expectBroken([put(1, 2, "a", "1", 2), get(3, 4, "a", null, 1)], "real-time", [0, 1]);
    expectHolds([put(1, 3, "a", "1", 2), get(3, 4, "a", null, 1)]);
  });

  test("when a read sees a write that begins after it returned (read from the future)", () => {
    expectBroken([get(1, 2, "a", "1", 2), put(3, 4, "a", "1", 2)], "real-time", [0, 1]);
    expectHolds([get(1, 3, "a", "1", 2), put(3, 4, "a", "1", 2)]);
  });

  test("when an acknowledged write is gone (lost write)", () => {
    expectBroken([put(1, 2, "a", "1", 2), put(3, 4, "b", "2", 3), get(5, 6, "a", null, 3)], "wrong-answer", [0, 2]);
  });

  test("when a write takes effect twice (duplicated write)", () => {
    const twice = [
      put(1, 2, "a", "1", 2),
      op(3, 4, { kind: "range", key: "a" }, ok(3, { kind: "range", kvs: [{ key: "a", value: "1", version: 2 }] })),
    ];
    expectBroken(twice, "missing-revision", [1]);
    const unsure = [lostPut(1, "a", "1"), put(3, 4, "b", "2", 4)];
    expectBroken(unsure, "missing-revision", [1]);
  });

  test("when two writes are told one revision (duplicate revision)", () => {
    expectBroken([put(1, 2, "a", "1", 2), put(3, 4, "b", "1", 2)], "duplicate-revision", [0, 1]);
  });

  test("when revisions order writes against the clock (reordered revision)", () => {
    expectBroken([put(1, 2, "a", "1", 3), put(3, 4, "b", "1", 2)], "real-time", [0, 1]);
    expectHolds([put(1, 3, "a", "1", 3), put(3, 4, "b", "1", 2)]);
  });

  test("when a put shows another value than the one before it (wrong previous value)", () => {
    const request: HistoryRequest = { kind: "put", key: "a", value: "2", prevKv: true };
    const shows = (value: string): Operation[] => [
      put(1, 2, "a", "1", 2),
      op(3, 4, request, ok(3, { kind: "put", prevKv: { key: "a", value } })),
    ];
    expectHolds(shows("1"));
    expectBroken(shows("0"), "wrong-answer", [0, 1]);
    const none = op(3, 4, request, ok(3, { kind: "put", prevKv: null }));
    expectBroken([put(1, 2, "a", "1", 2), none], "wrong-answer", [0, 1]);
  });

  test("when a read sees what nobody wrote (phantom read)", () => {
    expectBroken([put(1, 2, "a", "1", 2), get(3, 4, "b", "1", 2)], "wrong-answer", [1]);
    expectBroken([put(1, 2, "a", "1", 2), get(3, 4, "a", "x", 2)], "wrong-answer", [0, 1]);
  });

  test("when a revision goes back (revision regression)", () => {
    expectBroken([put(1, 2, "a", "1", 2), put(3, 4, "a", "2", 3), get(5, 6, "b", null, 2)], "real-time", [1, 2]);
  });

  test("when a revision is seen that no write can have made (skipped revision)", () => {
    expectBroken([put(1, 2, "a", "1", 2), put(3, 4, "a", "2", 4)], "missing-revision", [1]);
    expectHolds([put(1, 2, "a", "1", 2), lostPut(2, "z", "x"), put(3, 4, "a", "2", 4)]);
    expectBroken([put(1, 2, "a", "1", 2), put(3, 4, "a", "2", 4), lostPut(5, "z", "x")], "missing-revision", [0, 1]);
  });

  test("when a delete counts other keys than there are", () => {
    const gone = (deleted: number, revision: number): Operation =>
      op(3, 4, { kind: "delete", key: "a" }, ok(revision, { kind: "delete", deleted }));
    expectHolds([put(1, 2, "a", "1", 2), gone(1, 3)]);
    expectBroken([put(1, 2, "a", "1", 2), gone(0, 2)], "wrong-answer", [1]);
    expectBroken([put(1, 2, "b", "1", 2), gone(1, 3)], "wrong-answer", [1]);
  });

  test("when a transaction takes the wrong branch", () => {
    const txn = (succeeded: boolean): Operation =>
      op(
        3,
        4,
        {
          kind: "txn",
          compares: [{ key: "a", target: "version", result: "=", value: 1 }],
          success: [{ kind: "range", key: "a" }],
          failure: [{ kind: "range", key: "a" }],
        },
        ok(2, { kind: "txn", succeeded, responses: [{ kind: "range", kvs: [{ key: "a", value: "1" }] }] }),
      );
    expectHolds([put(1, 2, "a", "1", 2), txn(true)]);
    expectBroken([put(1, 2, "a", "1", 2), txn(false)], "wrong-answer", [1]);
  });

  test("when a range shows half of a transaction (torn range)", () => {
    const both = op(
      1,
      2,
      {
        kind: "txn",
        compares: [],
        success: [
          { kind: "put", key: "a", value: "1" },
          { kind: "put", key: "b", value: "1" },
        ],
        failure: [],
      },
      ok(2, { kind: "txn", succeeded: true, responses: [{ kind: "put" }, { kind: "put" }] }),
    );
    const range = (keys: readonly string[]): Operation =>
      op(
        1,
        4,
        { kind: "range", key: "a", rangeEnd: "c" },
        ok(2, { kind: "range", kvs: keys.map((key) => ({ key, value: "1" })) }),
      );
    expectHolds([both, range(["a", "b"])]);
    expectBroken([both, range(["b"])], "wrong-answer", [0, 1]);
  });

  test("when a definite failure took effect", () => {
    const denied = op(1, 2, { kind: "put", key: "a", value: "1" }, { status: "failed", error: "denied" });
    expectBroken([denied, get(3, 4, "a", "1", 2)], "missing-revision", [1]);
    expectHolds([lostPut(1, "a", "1"), get(3, 4, "a", "1", 2)]);
  });

  test("when a version does not start again after a delete", () => {
    const seen = (version: number): Operation[] => [
      put(1, 2, "a", "1", 2),
      op(3, 4, { kind: "delete", key: "a" }, ok(3, { kind: "delete", deleted: 1 })),
      put(5, 6, "a", "2", 4),
      op(7, 8, { kind: "range", key: "a" }, ok(4, { kind: "range", kvs: [{ key: "a", createRevision: 4, version }] })),
    ];
    expectHolds(seen(1));
    expectBroken(seen(3), "wrong-answer", [2, 3]);
  });

  test("when a compacted revision is read, or one is refused that is not compacted", () => {
    const two = [put(1, 2, "a", "1", 2), put(3, 4, "a", "2", 3)];
    expectHolds([...two, compact(5, 7, 3, 3), get(6, 8, "a", "1", 3, 2)]);
    expectBroken([...two, compact(5, 6, 3, 3), get(7, 8, "a", "1", 3, 2)], "real-time", [2, 3]);
    expectBroken(
      [...two, compact(5, 6, 2, 3), put(7, 8, "b", "1", 4), get(7, 9, "a", null, 4, 1)],
      "compaction",
      [2, 4],
    );
    expectHolds([...two, compact(5, 6, 3, 3), refused(7, 8, 2, "compacted")]);
    expectBroken([...two, compact(5, 6, 2, 3), refused(7, 8, 2, "compacted")], "compaction", [3]);
    expectBroken([...two, refused(5, 6, 2, "compacted"), compact(7, 8, 3, 3)], "compaction", [2, 3]);
    expectBroken([...two, compact(5, 6, 3, 3), compact(7, 8, 2, 3)], "real-time", [2, 3]);
    expectBroken([...two, compact(5, 6, 3, 3), compact(7, 8, 3, 3)], "compaction", [2, 3]);
  });

  test("when a revision is refused as future that had been made", () => {
    expectHolds([refused(1, 5, 2, "future"), put(2, 3, "a", "1", 2)]);
    expectBroken([put(1, 2, "a", "1", 2), refused(3, 4, 2, "future")], "real-time", [0, 1]);
  });
});

describe("operations with an unknown result", () => {
  test("may take effect long after their client gave up, once", () => {
    expectHolds([lostPut(1, "a", "1"), put(2, 3, "b", "1", 2), get(4, 5, "a", null, 2), get(6, 7, "a", "1", 3)]);
  });

  test("may take effect in whatever order their answers allow", () => {
    const seen = (first: string, second: string): Operation[] => [
      lostPut(1, "a", "1"),
      lostPut(1, "a", "2"),
      put(5, 6, "b", "x", 4),
      get(7, 8, "a", second, 4),
      get(7, 9, "a", first, 4, 2),
    ];
    expectHolds(seen("1", "2"));
    expectHolds(seen("2", "1"));
    expectBroken(seen("1", "1"), "no-order", [3]);
  });

  test("make no revision that was seen before they began", () => {
    expectBroken([get(1, 2, "z", null, 2), lostPut(3, "a", "1")], "missing-revision", [0]);
  });

  test("end a lease with all its keys at once, or not at all", () => {
    const bind = op(1, 2, { kind: "put", key: "a", value: "1", lease: "7" }, ok(2, { kind: "put" }));
    const end = op(3, 3, { kind: "revoke", lease: "7" }, unknown);
    expectHolds([bind, end, get(5, 6, "a", null, 3)]);
    expectHolds([bind, end, get(5, 6, "a", "1", 2)]);
    expectBroken([bind, end, get(5, 6, "a", "1", 3)], "wrong-answer", [2]);
  });
});

describe("a serializable read", () => {
  const stale = (invoke: number, end: number, value: string | null, revision: number): Operation => {
    const kvs = value === null ? [] : [{ key: "a", value }];
    return op(invoke, end, { kind: "range", key: "a", serializable: true }, ok(revision, { kind: "range", kvs }));
  };
  const two = [put(1, 2, "a", "1", 2), put(3, 4, "a", "2", 3)];

  test("may show an earlier state, whole", () => {
    expectHolds([...two, stale(5, 6, null, 1), stale(5, 6, "1", 2), stale(5, 6, "2", 3)]);
    expectBroken([...two, stale(5, 6, "1", 3)], "wrong-answer", [1, 2]);
  });

  test("shows nothing that begins after it returned", () => {
    expectBroken([...two, stale(1, 2, "2", 3)], "real-time", [1, 2]);
  });
});

test("a history that starts in the midst goes on from what was stored then", () => {
  const kv = { key: "a", value: "0", createRevision: 4, modRevision: 9, version: 3, lease: "0" };
  const start = { revision: 10, compactRevision: 5, kvs: [kv] };
  const read = (version: number): Operation =>
    op(3, 4, { kind: "range", key: "a" }, ok(11, { kind: "range", kvs: [{ key: "a", createRevision: 4, version }] }));
  expectHolds([put(1, 2, "a", "1", 11), read(4)], start);
  expect(judge([put(1, 2, "a", "1", 11), read(1)], start).outcome).toBe("not-linearizable");
});

test("a search that would take too long gives no verdict", () => {
  const operations = [...Array.from({ length: 8 }, (_, i) => lostPut(1, "a", `${i}`)), put(5, 6, "a", "x", 6)];
  for (const one of ["revision", "search"] as const) {
    expect(checkHistory({ operations }, { judge: one, stepsMax: 2 }).outcome).toBe("unknown");
    expect(checkHistory({ operations }, { judge: one }).outcome).toBe("linearizable");
  }
});
