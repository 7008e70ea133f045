import { encodeTxnRequest, newPutRequest, newRequestOp, newTxnRequest, type RequestOp } from "@quorate/api";
import { DiskError, utf8Decode, utf8Encode } from "@quorate/base";
import { type DiskStep, MemoryDisk } from "@quorate/base/testing";
import { valueOf } from "@quorate/mvcc";
import { RequestKind } from "@quorate/state";
import { describe, expect, test } from "vitest";
import type { Member } from "./member.ts";
import { Node, TestCluster } from "./testing/cluster.ts";

/** A disk whose steps a test may watch, stop or slow down. */
class WatchedDisk {
  onStep: (step: DiskStep) => void = () => undefined;
  syncMs = 0;
  readonly disk: MemoryDisk;

  constructor(clock: () => TestCluster) {
    this.disk = new MemoryDisk({
      before: (step) => this.onStep(step),
      syncDelay: () =>
        this.syncMs === 0
          ? Promise.resolve()
          : new Promise((resolve) => clock().clock.startTimer(this.syncMs, () => resolve())),
    });
  }
}

function valueAt(member: Member, key: string): string | undefined {
  const found = member.machine.store.range({ key: utf8Encode(key) });
  if (found.kind !== "ok" || found.rows[0] === undefined) return undefined;
  return utf8Decode(valueOf(found.rows[0]));
}

const read = (member: Member): Promise<void> =>
  new Promise((resolve, reject) => member.linearizable({ ready: resolve, fail: reject }));

/** One transaction of 128 puts. */
function putMany(member: Member, prefix: string): Promise<unknown> {
  const success: RequestOp[] = [];
  for (let i = 0; i < 128; i++) {
    const requestPut = { ...newPutRequest(), key: utf8Encode(`${prefix}/${i}`), value: utf8Encode("v") };
    success.push({ ...newRequestOp(), requestPut });
  }
  const body = encodeTxnRequest({ ...newTxnRequest(), success });
  return new Promise((resolve, reject) => member.propose(RequestKind.txn, body, { settle: resolve, fail: reject }));
}

/** Three members, of which `m3` has missed so much that only a snapshot helps; it is still cut off. */
async function lagging(
  rows = 60,
  bulkTxns = 0,
): Promise<{ cluster: TestCluster; leader: Member; watched: WatchedDisk }> {
  const cluster = new TestCluster({ overrides: { snapshotCount: 20, snapshotCatchUpEntries: 5 } });
  const watched = new WatchedDisk(() => cluster);
  cluster.nodes.set("m1", new Node("m1"));
  cluster.nodes.set("m2", new Node("m2"));
  cluster.nodes.set("m3", new Node("m3", watched.disk));
  const names = [...cluster.nodes.keys()];
  for (const name of names) await cluster.boot(name, "new", names);
  await cluster.clock.until(() => cluster.leader() !== undefined);
  await cluster.clock.until(() => cluster.up().every((member) => member.duties.isPublished));
  const m3 = cluster.node("m3").running;
  if (m3.isLeader) {
    await cluster.settle(m3.leadership.moveTo(cluster.node("m1").running.id));
    await cluster.clock.advance(500);
  }
  const leader = cluster.leader() as Member;
  await cluster.settle(cluster.put(leader, "old", "1"));
  await cluster.clock.until(() => valueAt(m3, "old") === "1");
  cluster.isolate("m3");
  for (let i = 0; i < rows; i++) await cluster.settle(cluster.put(leader, `k${i}`, "v"));
  for (let i = 0; i < bulkTxns; i++) await cluster.settle(putMany(leader, `bulk${i}`));
  await cluster.clock.advance(1000);
  return { cluster, leader, watched };
}

const isSwap = (step: DiskStep): boolean => step.operation === "rename" && step.path.endsWith(".snap.db");

describe("while a snapshot is installed", () => {
  test("a read that waits for what the snapshot holds is answered when it is installed", async () => {
    const { cluster } = await lagging();
    const m3 = cluster.node("m3").running;
    const { applied } = m3;
    cluster.heal();
    await cluster.clock.until(() => m3.lead !== 0n);
    const waiting = read(m3);
    await cluster.settle(waiting, 3000);
    expect(m3.applied).toBeGreaterThan(applied);
  });

  test("the member answers heartbeats, so that a leader that has only it keeps its quorum", async () => {
    const { cluster, leader, watched } = await lagging();
    const other = cluster.nameOf(cluster.up().find((m) => m !== leader && m.options.name !== "m3") as Member);
    const m3 = cluster.node("m3").running;
    let swapped = false;
    watched.onStep = (step) => {
      if (!isSwap(step)) return;
      swapped = true;
      watched.syncMs = 4000;
    };
    cluster.heal();
    await cluster.clock.until(() => swapped);
    cluster.kill(other);
    const { term } = leader;
    await cluster.clock.advance(3500);
    expect(leader.term).toBe(term);
    expect(leader.isLeader).toBe(true);
    watched.syncMs = 0;
    await cluster.clock.until(() => valueAt(m3, "k59") === "v");
    expect(leader.term).toBe(term);
  });

  test("reads see the state before it or the state after it, and nothing in between", async () => {
    const { cluster, watched } = await lagging(60, 50);
    const m3 = cluster.node("m3").running;
    const seen = new Set<string>();
    const look = (): void => {
      try {
        seen.add(`${valueAt(m3, "old") ?? "nothing"} ${m3.machine.store.revision}`);
      } catch (error) {
        seen.add(String(error));
      }
    };
    let looking = true;
    const again = (): void => {
      if (!looking) return;
      look();
      cluster.clock.nextTurn(() => cluster.clock.startTimer(1, again));
    };
    watched.onStep = (step) => {
      look();
      if (isSwap(step)) watched.syncMs = 50;
    };
    again();
    cluster.heal();
    await cluster.clock.until(() => valueAt(m3, "k59") === "v");
    looking = false;
    expect([...seen]).toEqual(["1 2", "1 112"]);
  });

  test("a stop waits for it to end, closes everything, and the member starts again", async () => {
    const { cluster, watched, leader } = await lagging();
    const m3 = cluster.node("m3").running;
    let swapped = false;
    watched.onStep = (step) => {
      if (!isSwap(step)) return;
      swapped = true;
      watched.syncMs = 300;
    };
    cluster.heal();
    await cluster.clock.until(() => swapped);
    cluster.node("m3").member = undefined;
    await cluster.settle(m3.stop(), 3000);
    watched.syncMs = 0;
    const steps: string[] = [];
    watched.onStep = ({ operation, path }) => steps.push(`${operation} ${path}`);
    await cluster.clock.advance(3000);
    expect(steps).toEqual([]);
    const again = await cluster.boot("m3");
    await cluster.clock.until(() => again.applied === leader.applied);
    expect(new Set(await cluster.hashes()).size).toBe(1);
  });

  test("a disk that fails at any step stops the member, and nothing is left unanswered", async () => {
    for (let at = 1; ; at++) {
      const { cluster, watched } = await lagging(40);
      const m3 = cluster.node("m3").running;
      let steps = 0;
      let failed = false;
      watched.onStep = (step) => {
        steps += 1;
        if (steps !== at) return;
        failed = true;
        throw new DiskError(step.operation, step.path, "EIO");
      };
      cluster.heal();
      await cluster.clock.until(() => failed || valueAt(m3, "k39") === "v");
      if (!failed) break;
      await cluster.clock.advance(500);
      watched.onStep = () => undefined;
      cluster.node("m3").member = undefined;
      await cluster.settle(
        m3.stop().catch(() => undefined),
        5000,
      );
      watched.disk.crash();
      const again = await cluster.boot("m3");
      await cluster.clock.until(() => valueAt(again, "k39") === "v");
      expect(new Set(await cluster.hashes()).size).toBe(1);
    }
  }, 60_000);

  test("a power cut at any step, whatever of the unsynced survives, loses nothing", async () => {
    for (const survives of [false, true] as const) {
      for (let at = 1; ; at++) {
        const { cluster, watched } = await lagging(40);
        const m3 = cluster.node("m3").running;
        let steps = 0;
        let cut = false;
        watched.onStep = () => {
          steps += 1;
          if (steps !== at) return;
          cut = true;
          m3.abandon();
          cluster.node("m3").member = undefined;
          watched.disk.crash(() => survives);
          throw new DiskError("power", "", "EIO");
        };
        cluster.heal();
        await cluster.clock.until(() => cut || valueAt(m3, "k39") === "v");
        if (!cut) break;
        watched.onStep = () => undefined;
        await cluster.clock.advance(100);
        const again = await cluster.boot("m3").catch((error: unknown) => {
          throw new Error(`after a power cut at step ${at}: ${String(error)}`);
        });
        await cluster.clock.until(() => valueAt(again, "k39") === "v");
        expect(new Set(await cluster.hashes()).size).toBe(1);
      }
    }
  }, 60_000);
});
