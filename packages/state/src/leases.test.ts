import {
  AlarmAction,
  AlarmType,
  encodeAlarmRequest,
  encodeDeleteRangeRequest,
  encodeLeaseCheckpointRequest,
  encodeLeaseGrantRequest,
  encodeLeaseRevokeRequest,
  encodePutRequest,
  encodeTxnRequest,
  leasepb,
  newRequestOp,
  newDeleteRangeRequest,
  newPutRequest,
  newTxnRequest,
} from "@quorate/api";
import { type LeaseId, noMember, silentLogger, toHex, toLeaseId } from "@quorate/base";
import { decodeKeyValue, MvccStore } from "@quorate/mvcc";
import { MemoryMeta, MemoryRows } from "@quorate/mvcc/conformance";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { leaseTtlSecondsMax } from "./leases.ts";
import { StateMachine } from "./machine.ts";
import type { Outcome } from "./outcome.ts";
import type { Tables } from "./ports.ts";
import { RequestKind } from "./request.ts";
import { memoryTables } from "./testing/memory-tables.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "latin1"));
const text = (data: Uint8Array): string => Buffer.from(data).toString("latin1");

/** A machine over tables in memory that can be started again from what it wrote. */
class Bench {
  readonly tables: Tables = memoryTables();
  readonly rows = new MemoryRows();
  readonly meta = new MemoryMeta();
  machine: StateMachine;
  databaseBytes = 0;
  #index = 0;

  constructor() {
    this.machine = this.#start();
  }

  #start(): StateMachine {
    const store = new MvccStore(this.rows, this.meta, { logger: silentLogger });
    const machine = new StateMachine(this.tables, store, {
      learnersMax: 1,
      leaseTtlSecondsMin: 2,
      quotaBytes: 1000,
      databaseSize: () => this.databaseBytes,
    });
    const job = store.restore();
    while (!job.step(3));
    expect(machine.leases.attachAll(job.leasedKeys())).toEqual([]);
    return machine;
  }

  restart(): void {
    this.machine.progress.write();
    this.machine = this.#start();
  }

  apply(kind: number, body: Uint8Array): Outcome {
    this.#index += 1;
    const request = { origin: 0, serial: 0, kind, body, username: "", authRevision: 0 };
    return this.machine.apply(this.#index, 1, request, true);
  }

  grant(id: bigint, ttl: number): Outcome {
    return this.apply(RequestKind.leaseGrant, encodeLeaseGrantRequest({ id: toLeaseId(id), ttl }));
  }

  revoke(id: bigint): Outcome {
    return this.apply(RequestKind.leaseRevoke, encodeLeaseRevokeRequest({ id: toLeaseId(id) }));
  }

  put(key: string, lease: bigint, more: { ignoreLease?: boolean } = {}): Outcome {
    return this.apply(RequestKind.put, encodePutRequest({ key: bytes(key), lease: toLeaseId(lease), ...more }));
  }

  delete(key: string, rangeEnd = ""): Outcome {
    return this.apply(
      RequestKind.deleteRange,
      encodeDeleteRangeRequest({ key: bytes(key), rangeEnd: bytes(rangeEnd) }),
    );
  }

  checkpoint(id: bigint, remainingTtl: number): void {
    const checkpoints = [{ id: toLeaseId(id), remainingTtl }];
    this.apply(RequestKind.leaseCheckpoint, encodeLeaseCheckpointRequest({ checkpoints }));
  }

  keysOf(id: bigint): string[] {
    return this.machine.leases.keysOf(toLeaseId(id)).map(text);
  }

  living(): string[] {
    const found = this.machine.store.range({ key: bytes("\0"), rangeEnd: bytes("\0") });
    if (found.kind !== "ok") throw new Error(found.kind);
    return found.rows.map((row) => text(decodeKeyValue(row).key));
  }

  storedLeases(): string[] {
    const stored: string[] = [];
    this.tables.lease.range(bytes(""), undefined, (key, row) => {
      stored.push(`${toHex(key)} ${toHex(row)}`);
      return true;
    });
    return stored;
  }
}

const codeOf = (outcome: Outcome): string => (outcome.kind === "refused" ? outcome.code : "ok");

describe("leases", () => {
  test("a grant raises a short life, tells it, and is stored as etcd stores it", () => {
    const bench = new Bench();
    expect(bench.grant(0x5e49_a1fa_bfd8_5b0cn, 100_000_000)).toMatchObject({ kind: "leaseGrant", revision: 1 });
    expect(bench.grant(7n, 1)).toMatchObject({ response: { id: 7n, ttl: 2 } });
    expect(bench.grant(8n, -5)).toMatchObject({ response: { ttl: 2 } });
    expect(bench.storedLeases()).toEqual([
      "0000000000000007 08071002",
      "0000000000000008 08081002",
      "5e49a1fabfd85b0c 088cb6e1feabbfe8a45e1080c2d72f",
    ]);
  });

  test("id 0, a life that is too long and a known id are refused, in this order", () => {
    const bench = new Bench();
    expect(codeOf(bench.grant(0n, leaseTtlSecondsMax + 1))).toBe("leaseNotFound");
    expect(codeOf(bench.grant(1n, leaseTtlSecondsMax))).toBe("ok");
    expect(codeOf(bench.grant(1n, leaseTtlSecondsMax + 1))).toBe("leaseTtlTooLarge");
    expect(codeOf(bench.grant(1n, 5))).toBe("leaseExist");
    expect(bench.machine.leases.get(1n as LeaseId)?.ttlSeconds).toBe(leaseTtlSecondsMax);
  });

  test("a revoke deletes the attached keys in their order at one revision, and the lease with them", () => {
    const bench = new Bench();
    bench.grant(-3n, 60);
    for (const key of ["b", "\xff", "a", "ab", "\x00"]) bench.put(key, -3n);
    bench.put("kept", 0n);
    expect(bench.revoke(-3n)).toMatchObject({ kind: "leaseRevoke", revision: 8 });
    const tombstones = bench.rows.all.filter(({ key }) => key.length === 18);
    expect(tombstones.map(({ value }) => text(decodeKeyValue(value).key))).toEqual(["\x00", "a", "ab", "b", "\xff"]);
    expect(tombstones.every(({ key }) => toHex(key.subarray(0, 8)) === "0000000000000008")).toBe(true);
    expect([bench.living(), bench.storedLeases()]).toEqual([["kept"], []]);
    expect(codeOf(bench.revoke(-3n))).toBe("leaseNotFound");
  });

  test("a revoke without keys takes no revision", () => {
    const bench = new Bench();
    bench.grant(1n, 60);
    expect(bench.revoke(1n)).toMatchObject({ kind: "leaseRevoke", revision: 1 });
  });

  test("a put names a lease that exists, or changes nothing", () => {
    const bench = new Bench();
    expect(bench.put("k", 9n)).toMatchObject({ code: "leaseNotFound", revision: 1 });
    const op = { ...newRequestOp(), requestPut: { ...newPutRequest(), key: bytes("k"), lease: toLeaseId(9n) } };
    const outcome = bench.apply(RequestKind.txn, encodeTxnRequest({ ...newTxnRequest(), success: [op] }));
    expect(outcome).toMatchObject({ code: "leaseNotFound", revision: 1 });
  });

  test("a key follows the lease of its last put, and leaves with its delete", () => {
    const bench = new Bench();
    bench.grant(1n, 60);
    bench.grant(2n, 60);
    bench.put("k", 1n);
    bench.put("k", 2n);
    expect([bench.keysOf(1n), bench.keysOf(2n)]).toEqual([[], ["k"]]);
    bench.put("k", 0n, { ignoreLease: true });
    expect(bench.keysOf(2n)).toEqual(["k"]);
    bench.put("k", 0n);
    expect(bench.keysOf(2n)).toEqual([]);
    bench.put("k", 1n);
    bench.delete("k");
    expect([bench.keysOf(1n), bench.machine.leases.leaseOfKey(bytes("k"))]).toEqual([[], 0n]);
  });

  test("keys longer than one call may take are attached and found again", () => {
    const bench = new Bench();
    bench.grant(1n, 60);
    const key = "\xfe".repeat(10_000);
    bench.put(key, 1n);
    bench.restart();
    expect(bench.keysOf(1n)).toEqual([key]);
  });

  test("a checkpoint is remembered, and written once the cluster is 3.6", () => {
    const bench = new Bench();
    bench.grant(1n, 60);
    bench.checkpoint(1n, 30);
    bench.checkpoint(99n, 30);
    expect(bench.machine.leases.get(1n as LeaseId)?.remainingTtlSeconds).toBe(30);
    bench.restart();
    expect(bench.machine.leases.get(1n as LeaseId)?.remainingTtlSeconds).toBe(0);
    bench.machine.membership.setClusterVersion("3.6.0");
    bench.checkpoint(1n, 29);
    bench.restart();
    expect(bench.machine.leases.list()).toMatchObject([{ id: 1n, ttlSeconds: 60, remainingTtlSeconds: 29 }]);
  });

  test("a life below this member's minimum is raised when it is read", () => {
    const bench = new Bench();
    bench.tables.lease.put(bytes("\0\0\0\0\0\0\0\x01"), leasepb.encodeLease({ id: 1n as LeaseId, ttl: 1 }));
    bench.restart();
    expect(bench.machine.leases.get(1n as LeaseId)?.ttlSeconds).toBe(2);
  });

  test("alarms refuse what etcd's refuse, and a grant over the quota is applied all the same", () => {
    const bench = new Bench();
    bench.grant(1n, 60);
    bench.databaseBytes = 936;
    expect(codeOf(bench.grant(2n, 60))).toBe("noSpace");
    expect(bench.machine.leases.has(2n as LeaseId)).toBe(true);
    const raise = (alarm: number): void => {
      bench.apply(
        RequestKind.alarm,
        encodeAlarmRequest({ action: AlarmAction.ACTIVATE as never, memberId: noMember, alarm: alarm as never }),
      );
    };
    raise(AlarmType.NOSPACE);
    bench.databaseBytes = 0;
    expect(codeOf(bench.grant(3n, 60))).toBe("noSpace");
    expect(codeOf(bench.revoke(2n))).toBe("ok");
    raise(AlarmType.CORRUPT);
    expect([codeOf(bench.grant(3n, 60)), codeOf(bench.revoke(1n))]).toEqual(["corrupt", "corrupt"]);
  });
});

test("a machine does not start on a state whose clients must be asked who they are", () => {
  const bench = new Bench();
  const key = bytes("authEnabled");
  bench.tables.auth.put(key, new Uint8Array([0]));
  bench.restart();
  bench.tables.auth.put(key, new Uint8Array([1]));
  expect(() => bench.restart()).toThrow("authentication is enabled in this cluster");
});

type Op =
  | { kind: "grant" | "revoke"; id: number }
  | { kind: "put"; key: string; id: number }
  | { kind: "delete"; key: string; rangeEnd: string }
  | { kind: "txn"; puts: Record<string, number>; deleted: string }
  | { kind: "restart" };

const anyKey = fc.constantFrom("a", "ab", "b", "\x00", "\xff", "c");
const anyId = fc.integer({ min: 1, max: 3 });
const anyOp: fc.Arbitrary<Op> = fc.oneof(
  fc.record({ kind: fc.constantFrom("grant" as const, "revoke" as const), id: anyId }),
  fc.record({ kind: fc.constant("put" as const), key: anyKey, id: fc.integer({ min: 0, max: 3 }) }),
  fc.record({ kind: fc.constant("delete" as const), key: anyKey, rangeEnd: fc.constantFrom("", "b", "\0") }),
  fc.record({
    kind: fc.constant("txn" as const),
    puts: fc.dictionary(fc.constantFrom("a", "ab", "b"), fc.integer({ min: 0, max: 3 }), { noNullPrototype: true }),
    deleted: fc.constantFrom("c", "\xff"),
  }),
  fc.record({ kind: fc.constant("restart" as const) }),
);

/** Keys with their leases, and the leases: nothing more. */
class NaiveLeases {
  readonly keys = new Map<string, number>();
  readonly leases = new Set<number>();
  revision = 1;

  apply(op: Exclude<Op, { kind: "restart" }>): string {
    switch (op.kind) {
      case "grant":
        if (this.leases.has(op.id)) return "leaseExist";
        this.leases.add(op.id);
        return "ok";
      case "revoke":
        if (!this.leases.delete(op.id)) return "leaseNotFound";
        this.#delete((key) => this.keys.get(key) === op.id);
        return "ok";
      case "put":
        if (op.id !== 0 && !this.leases.has(op.id)) return "leaseNotFound";
        this.keys.set(op.key, op.id);
        this.revision += 1;
        return "ok";
      case "delete":
        this.#delete((key) =>
          op.rangeEnd === "" ? key === op.key : key >= op.key && (op.rangeEnd === "\0" || key < op.rangeEnd),
        );
        return "ok";
      default: {
        const puts = Object.entries(op.puts);
        if (puts.some(([, id]) => id !== 0 && !this.leases.has(id))) return "leaseNotFound";
        const changed = this.keys.delete(op.deleted) || puts.length > 0;
        for (const [key, id] of puts) this.keys.set(key, id);
        if (changed) this.revision += 1;
        return "ok";
      }
    }
  }

  #delete(which: (key: string) => boolean): void {
    const gone = [...this.keys.keys()].filter(which);
    for (const key of gone) this.keys.delete(key);
    if (gone.length > 0) this.revision += 1;
  }
}

function applyTo(bench: Bench, op: Exclude<Op, { kind: "restart" }>): Outcome {
  switch (op.kind) {
    case "grant":
      return bench.grant(BigInt(op.id), 10);
    case "revoke":
      return bench.revoke(BigInt(op.id));
    case "put":
      return bench.put(op.key, BigInt(op.id));
    case "delete":
      return bench.delete(op.key, op.rangeEnd);
    default: {
      const success = Object.entries(op.puts).map(([key, id]) => ({
        ...newRequestOp(),
        requestPut: { ...newPutRequest(), key: bytes(key), lease: toLeaseId(BigInt(id)) },
      }));
      const gone = { ...newRequestOp(), requestDeleteRange: { ...newDeleteRangeRequest(), key: bytes(op.deleted) } };
      return bench.apply(RequestKind.txn, encodeTxnRequest({ ...newTxnRequest(), success: [...success, gone] }));
    }
  }
}

test("any schedule of grants, revokes, puts, deletes, transactions and restarts is that of the naive model", () => {
  fc.assert(
    fc.property(fc.array(anyOp, { maxLength: 40 }), (ops) => {
      const bench = new Bench();
      const model = new NaiveLeases();
      for (const op of ops) {
        if (op.kind === "restart") bench.restart();
        else expect(codeOf(applyTo(bench, op))).toBe(model.apply(op));
        expect(bench.machine.kv.revision).toBe(model.revision);
        expect(bench.living()).toEqual([...model.keys.keys()].sort());
        expect(bench.machine.leases.list().map(({ id }) => Number(id))).toEqual(
          [...model.leases].sort((a, b) => a - b),
        );
        for (const id of [1, 2, 3]) {
          const attached = [...model.keys].filter(([, lease]) => lease === id).map(([key]) => key);
          expect(bench.keysOf(BigInt(id))).toEqual(attached.sort());
        }
      }
    }),
    { numRuns: 200 },
  );
});
