import { readFileSync } from "node:fs";
import { CorruptError, silentLogger } from "@quorate/base";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { MemoryMeta, MemoryRows } from "./conformance/index.ts";
import { decodeKeyValue, encodeKeyValue, leaseOf, MvccStore, noLease, valueOf, withoutValue } from "./index.ts";
import { checkRevisionKey, isTombstoneKey, mainOf, revisionKey, subOf } from "./revision.ts";
import { toLease } from "./testing/naive-store.ts";

const hex = (data: Uint8Array): string => Buffer.from(data).toString("hex");
const unhex = (data: string): Uint8Array => new Uint8Array(Buffer.from(data, "hex"));
const counter = fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }));
const blob = fc.oneof(fc.uint8Array({ maxLength: 40 }), fc.uint8Array({ minLength: 100, maxLength: 20_000 }));

describe("rows", () => {
  test("are read as they were written", () => {
    fc.assert(
      fc.property(blob, counter, counter, counter, blob, fc.bigInt(), (key, create, mod, version, value, id) => {
        const lease = toLease(id);
        const row = encodeKeyValue(key, create, mod, version, value, lease);
        const kv = decodeKeyValue(row);
        expect([hex(kv.key), hex(kv.value), kv.lease]).toEqual([hex(key), hex(value), lease]);
        expect([kv.createRevision, kv.modRevision, kv.version]).toEqual([create, mod, version]);
        expect([hex(valueOf(row)), leaseOf(row)]).toEqual([hex(value), lease]);
        const stripped = encodeKeyValue(key, create, mod, version, new Uint8Array(0), lease);
        expect(hex(withoutValue(row))).toBe(hex(stripped));
      }),
    );
  });

  test("have etcd's bytes", () => {
    const row = encodeKeyValue(Uint8Array.of(0x63), 7, 7, 1, Uint8Array.of(0x79), noLease);
    expect(hex(row)).toBe("0a01631007180720012a0179");
    const minus = encodeKeyValue(Uint8Array.of(0x63), 7, 300, 1, new Uint8Array(0), toLease(-1n));
    expect(hex(minus)).toBe("0a0163100718ac02200130ffffffffffffffffff01");
  });

  test("keep the fields that are known among others", () => {
    const kv = decodeKeyValue(unhex("0a0163100718072001" + "3a03616263" + "4001" + "2a0179"));
    expect([hex(kv.key), hex(kv.value), kv.version]).toEqual(["63", "79", 1]);
  });

  test("that are cut or wild are refused", () => {
    for (const bad of ["0a05", "10", "2a", "10ffffffffffffffffffff01", "0b", "0a0163108080808080808080"]) {
      expect(() => decodeKeyValue(unhex(bad)), bad).toThrow(CorruptError);
    }
  });
});

describe("revision keys", () => {
  test("are read as they were written, and sort like revisions", () => {
    const sub = fc.integer({ min: 0, max: 0x3fffffff });
    fc.assert(
      fc.property(counter, sub, counter, sub, fc.boolean(), (main, number, other, otherNumber, tombstone) => {
        const key = revisionKey(main, number, tombstone);
        checkRevisionKey(key);
        expect([mainOf(key), subOf(key), isTombstoneKey(key)]).toEqual([main, number, tombstone]);
        const order = Buffer.compare(key, revisionKey(other, otherNumber, tombstone));
        expect(order).toBe(Math.sign(main - other || number - otherNumber));
      }),
    );
  });

  test("of another form are refused", () => {
    const wrong = [
      "",
      "00",
      `${"00".repeat(17)}`,
      `${hex(revisionKey(1, 1, false))}75`,
      `ff${"0".repeat(14)}5f${"0".repeat(16)}`,
    ];
    for (const bad of wrong) expect(() => checkRevisionKey(unhex(bad)), bad).toThrow(CorruptError);
  });
});

test("the first rows of a real etcd give its hashes", () => {
  const path = new URL("../fixtures/etcd-3.6-revisions-2-to-16.json", import.meta.url);
  const fixture = JSON.parse(readFileSync(path, "utf8")) as { rows: [string, string][]; hashes: [number, number][] };
  const rows = new MemoryRows();
  for (const [key, value] of fixture.rows) rows.put(unhex(key), unhex(value));
  const store = new MvccStore(rows, new MemoryMeta(), { logger: silentLogger });
  const job = store.restore();
  while (!job.step(4));
  expect(store.revision).toBe(16);
  expect([...job.leasedKeys()].map((leased) => Buffer.from(leased.key).toString()).sort()).toEqual([
    "a",
    "leased/2",
    "leased/3",
  ]);
  for (const [revision, hash] of fixture.hashes) {
    const hashing = store.hashByRev(revision);
    expect("step" in hashing ? hashing.step(1000) : undefined).toEqual({ hash, revision, compactRevision: -1 });
  }
  expect(fixture.hashes.length).toBeGreaterThan(8);
});
