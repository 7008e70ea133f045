import { KvError } from "@quorate/api";
import { DiskError, utf8Encode } from "@quorate/base";
import { type DiskStep, MemoryDisk } from "@quorate/base/testing";
import { describe, expect, test } from "vitest";
import type { Member } from "./member.ts";
import type { MemberOptions } from "./options.ts";
import { Node, TestCluster } from "./testing/cluster.ts";

class WatchedDisk {
  onStep: (step: DiskStep) => void = () => undefined;
  readonly disk: MemoryDisk = new MemoryDisk({ before: (step) => this.onStep(step) });
}

async function oneMember(
  overrides: Partial<MemberOptions> = {},
): Promise<{ cluster: TestCluster; watched: WatchedDisk; member: Member }> {
  const cluster = new TestCluster({ overrides });
  const watched = new WatchedDisk();
  cluster.nodes.set("m1", new Node("m1", watched.disk));
  const member = await cluster.boot("m1", "new", ["m1"]);
  await cluster.clock.until(() => member.duties.isPublished);
  await cluster.clock.advance(500);
  return { cluster, watched, member };
}

async function codeOf(cluster: TestCluster, promise: Promise<unknown>): Promise<string> {
  try {
    await cluster.settle(promise);
    return "accepted";
  } catch (error) {
    return error instanceof KvError ? error.code : String(error);
  }
}

describe("a disk that fails", () => {
  const cases = [
    ["a full disk under the log", "write", ".wal", "ENOSPC"],
    ["a sync of the log that fails", "sync", ".wal", "EIO"],
    ["a full disk under the database", "write", "/db", "ENOSPC"],
    ["a sync of the database that fails", "sync", "/db", "EIO"],
  ] as const;
  test.each(cases)(
    "%s stops the member, which acknowledges nothing more (D18, D20)",
    async (_what, operation, suffix, code) => {
      const { cluster, watched, member } = await oneMember();
      let failed = false;
      watched.onStep = (step) => {
        if (step.operation !== operation || !step.path.endsWith(suffix)) return;
        failed = true;
        throw new DiskError(operation, step.path, code);
      };
      const acknowledged: string[] = [];
      for (let i = 0; i < 20; i++) {
        if ((await codeOf(cluster, cluster.put(member, `k${i}`, "v"))) === "accepted") acknowledged.push(`k${i}`);
        await cluster.clock.advance(50);
      }
      expect(failed).toBe(true);
      expect(cluster.node("m1").stopped).toMatchObject({ kind: "fatal", error: { code } });
      expect(acknowledged.length).toBeLessThan(10);
      await cluster.settle(
        member.stop().catch(() => undefined),
        1000,
      );
      watched.onStep = () => undefined;
      watched.disk.crash();
      const again = await cluster.boot("m1", "new", ["m1"]);
      await cluster.clock.until(() => again.isLeader);
      await cluster.clock.advance(500);
      for (const key of acknowledged) {
        const found = again.machine.store.range({ key: utf8Encode(key) });
        expect(found.kind === "ok" && found.count, key).toBe(1);
      }
    },
  );
});

test("a snapshot that cannot be saved is tried again after a while, not with each write", async () => {
  const { cluster, watched, member } = await oneMember({ snapshotCount: 5 });
  let tries = 0;
  watched.onStep = ({ operation, path }) => {
    if (operation !== "create" || !path.includes("/snap/tmp")) return;
    tries += 1;
    throw new DiskError(operation, path, "ENOSPC");
  };
  const tried = tries;
  for (let i = 0; i < 30; i++) await cluster.settle(cluster.put(member, `k${i}`, "v"));
  expect(tries - tried).toBe(1);
  watched.onStep = () => undefined;
  await cluster.clock.advance(11_000);
  await cluster.settle(cluster.put(member, "last", "v"));
  await cluster.clock.advance(100);
  expect(watched.disk.list("/data/member/snap").some((name) => name.endsWith(".snap"))).toBe(true);
});

test("whoever asks a stopped member for anything is told so", async () => {
  const { cluster, member } = await oneMember();
  await cluster.settle(member.stop());
  expect(await codeOf(cluster, cluster.put(member, "a", "1"))).toBe("stopped");
  const read = new Promise<void>((resolve, reject) => member.linearizable({ ready: resolve, fail: reject }));
  expect(await codeOf(cluster, read)).toBe("stopped");
  expect(await codeOf(cluster, member.changes.add(["http://x:1"], true))).toBe("stopped");
});

test("what an entry left half done when it broke never reaches the disk", async () => {
  const { cluster, watched, member } = await oneMember();
  await cluster.settle(cluster.put(member, "a", "1"));
  await cluster.clock.advance(500);
  const { machine } = member;
  const { store } = machine;
  const begin = store.begin.bind(store);
  store.begin = () => {
    const txn = begin();
    const put = txn.put.bind(txn);
    txn.put = (...args) => {
      put(...args);
      throw new Error("broken in the middle");
    };
    return txn;
  };
  expect(await codeOf(cluster, cluster.put(member, "b", "2"))).toBe("stopped");
  expect(cluster.node("m1").stopped).toMatchObject({ kind: "fatal" });
  await cluster.clock.advance(500);
  await cluster.settle(member.stop().catch(() => undefined));
  watched.disk.crash(() => true);
  const again = await cluster.boot("m1", "new", ["m1"]);
  await cluster.clock.until(() => again.isLeader);
  await cluster.clock.advance(500);
  const found = again.machine.store.range({ key: utf8Encode("b") });
  expect(found.kind === "ok" && found.revision).toBe(3);
});
