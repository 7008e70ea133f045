import { encodeCompactionRequest } from "@quorate/api";
import type { DiskStep } from "@quorate/base/testing";
import { MemoryDisk } from "@quorate/base/testing";
import { RequestKind } from "@quorate/state";
import { describe, expect, test } from "vitest";
import type { Member } from "./member.ts";
import type { MemberOptions } from "./options.ts";
import { Node, TestCluster } from "./testing/cluster.ts";
import { putMany } from "./testing/lagging.ts";

/** One member whose database, and not its log, takes as long to sync as the test says. */
async function oneMember(
  overrides: Partial<MemberOptions>,
): Promise<{ cluster: TestCluster; member: Member; slow: { ms: number } }> {
  const cluster = new TestCluster({ overrides });
  const slow = { ms: 0 };
  let last: DiskStep | undefined;
  const disk = new MemoryDisk({
    before: (step) => {
      last = step;
    },
    syncDelay: () => {
      const isDatabase = last?.operation === "sync" && last.path.endsWith("/db");
      if (!isDatabase || slow.ms === 0) return Promise.resolve();
      return new Promise((resolve) => cluster.clock.startTimer(slow.ms, () => resolve()));
    },
  });
  cluster.nodes.set("m1", new Node("m1", disk));
  const member = await cluster.boot("m1", "new", ["m1"]);
  await cluster.clock.until(() => member.duties.isPublished);
  await cluster.clock.advance(500);
  return { cluster, member, slow };
}

/** Compacts to the newest revision; rows go afterwards. */
async function compact(cluster: TestCluster, member: Member): Promise<void> {
  const body = encodeCompactionRequest({ revision: member.machine.store.revision, physical: false });
  await cluster.settle(
    new Promise((resolve, reject) => member.propose(RequestKind.compaction, body, { settle: resolve, fail: reject })),
  );
}

describe("while the database cannot keep up", () => {
  test("what is committed waits in the log instead of making one long commit, and is applied afterwards", async () => {
    const { cluster, member, slow } = await oneMember({ backendBatchLimit: 1000 });
    slow.ms = 2000;
    const puts: Promise<unknown>[] = [];
    let most = 0;
    for (let i = 0; i < 50; i++) {
      puts.push(putMany(member, `a${i}`));
      await cluster.clock.advance(10);
      most = Math.max(most, member.storage.backend.batch.pending);
    }
    expect(member.storage.backend.isOverfull).toBe(true);
    expect(member.applied).toBeLessThan(member.committed);
    await cluster.settle(Promise.all(puts), 20_000);
    expect(member.applied).toBe(member.committed);
    await cluster.clock.advance(10_000);
    expect(member.storage.backend.isOverfull).toBe(false);
    // Twice the limit, and what the last transaction added.
    expect(most).toBeGreaterThanOrEqual(2000);
    expect(most).toBeLessThan(2000 + 128 + 10);
  });

  test("a compaction rests, and ends afterwards", async () => {
    const { cluster, member, slow } = await oneMember({ backendBatchLimit: 1000 });
    for (let i = 0; i < 120; i++) await cluster.settle(putMany(member, "same"));
    await cluster.clock.advance(500);
    slow.ms = 1000;
    await compact(cluster, member);
    let most = 0;
    for (let i = 0; i < 100; i++) {
      await cluster.clock.advance(10);
      most = Math.max(most, member.storage.backend.batch.pending);
    }
    expect(member.machine.store.compacting).toBe(true);
    expect(most).toBeGreaterThanOrEqual(1000);
    expect(most).toBeLessThan(2000);
    await cluster.settle(member.storage.whenCompacted(), 60_000);
    expect(member.machine.store.compacting).toBe(false);
  });
});

test.each([
  ["its 1000 rows and 10 ms", undefined, 150, 10],
  ["the rows and the pause that it was given", 3000, 50, 200],
])("a compaction rests after %s", async (_name, limit, batches, pauseMs) => {
  const flags = limit === undefined ? {} : { compactionBatchLimit: limit, compactionSleepMs: pauseMs };
  const { cluster, member } = await oneMember(flags);
  const rows = batches * (limit ?? 1000);
  for (let i = 0; i * 128 < rows; i++) await cluster.settle(putMany(member, "same"));
  await cluster.clock.advance(500);
  const store = member.machine.store;
  const before = store.compactedRows;
  await compact(cluster, member);
  const startedMs = cluster.clock.nowMs();
  await cluster.settle(member.storage.whenCompacted(), 60_000);
  expect(store.compactedRows - before).toBeGreaterThan(rows - 1000);
  const tookMs = cluster.clock.nowMs() - startedMs;
  // A batch ends with the step that reaches its limit, and may wait for a commit.
  expect(tookMs).toBeGreaterThan(0.8 * batches * pauseMs);
  expect(tookMs).toBeLessThan(1.2 * batches * pauseMs + 500);
});
