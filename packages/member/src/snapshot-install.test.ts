import { DiskError } from "@quorate/base";
import { describe, expect, test } from "vitest";
import type { Member } from "./member.ts";
import { isSwap, lagging, valueAt } from "./testing/lagging.ts";

const read = (member: Member): Promise<void> =>
  new Promise((resolve, reject) => member.linearizable({ ready: resolve, fail: reject }));

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
    const { cluster, watched } = await lagging({ bulkTxns: 50 });
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
      const { cluster, watched } = await lagging({ rows: 40 });
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
        const { cluster, watched } = await lagging({ rows: 40 });
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
