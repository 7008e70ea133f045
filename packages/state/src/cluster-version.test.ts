import {
  encodeTxnRequest,
  membershippb,
  newPutRequest,
  newRangeRequest,
  newRequestOp,
  newTxnRequest,
} from "@quorate/api";
import { silentLogger, utf8Encode } from "@quorate/base";
import { MvccStore } from "@quorate/mvcc";
import { MemoryMeta, MemoryRows } from "@quorate/mvcc/conformance";
import { describe, expect, test } from "vitest";
import { StateMachine } from "./machine.ts";
import { RequestKind } from "./request.ts";
import { memoryTables } from "./testing/memory-tables.ts";
import { parseVersion, reportedVersion, understands } from "./version.ts";

describe("the version that a member reports", () => {
  test.each([
    ["3.6.14", "", "3.6.14"],
    ["3.6.14", "3.4.0", "3.6.14"],
    ["3.6.14", "3.6.0", "3.6.14"],
    ["3.6.14", "3.7.0", "3.7.0"],
    ["3.6.14", "3.8.0", "3.6.14"],
    ["3.6.14", "4.0.0", "3.6.14"],
  ])("of %s in a cluster of '%s' is %s", (own, cluster, reported) => {
    expect(reportedVersion(own, cluster)).toBe(reported);
  });

  test("is never one that it does not understand", () => {
    const known = ["3.0.0", "3.7.0", "3.8.0", "4.0.0"].map((text) => parseVersion(text)).filter((v) => v !== undefined);
    expect(known.map(understands)).toEqual([true, true, false, false]);
  });
});

describe("a transaction that writes, with a top-level range at a revision to come", () => {
  function machineAt(clusterVersion: string): StateMachine {
    const store = new MvccStore(new MemoryRows(), new MemoryMeta(), { logger: silentLogger });
    const options = { learnersMax: 1, leaseTtlSecondsMin: 2, quotaBytes: 0, databaseSize: () => 0 };
    const machine = new StateMachine(memoryTables(), store, options);
    store.restore().step(1);
    const body = membershippb.encodeClusterVersionSetRequest({ ver: clusterVersion });
    machine.apply(1, 1, { ...nobody, kind: RequestKind.clusterVersionSet, body }, false);
    return machine;
  }
  const nobody = { origin: 0, serial: 0, username: "", authRevision: 0 };
  const key = utf8Encode("k");
  const success = [
    { ...newRequestOp(), requestPut: { ...newPutRequest(), key } },
    { ...newRequestOp(), requestRange: { ...newRangeRequest(), key, revision: 99 } },
  ];
  const txn = { ...nobody, kind: RequestKind.txn, body: encodeTxnRequest({ ...newTxnRequest(), success }) };

  test.each([true, false])("changes the same everywhere below 3.7, whoever is asked (%s)", (wanted) => {
    const machine = machineAt("3.6.0");
    expect(machine.apply(2, 1, txn, wanted).kind).toBe(wanted ? "refused" : "txn");
    expect(machine.store.revision).toBe(2);
  });

  test.each([true, false])("changes nothing anywhere from 3.7 on, whoever is asked (%s)", (wanted) => {
    const machine = machineAt("3.7.0");
    expect(machine.apply(2, 1, txn, wanted)).toMatchObject({ kind: "refused", code: "futureRev" });
    expect(machine.store.revision).toBe(1);
  });
});
