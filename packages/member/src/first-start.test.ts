import { DiskError, utf8Encode } from "@quorate/base";
import { type DiskStep, MemoryDisk, type Unsynced } from "@quorate/base/testing";
import { expect, test } from "vitest";
import { Node, TestCluster } from "./testing/cluster.ts";

class WatchedDisk {
  onStep: (step: DiskStep) => void = () => undefined;
  readonly disk: MemoryDisk = new MemoryDisk({ before: (step) => this.onStep(step) });
}

const names = ["m1", "m2", "m3"];

function threeMembers(): { cluster: TestCluster; watched: WatchedDisk[] } {
  const cluster = new TestCluster();
  const watched = names.map(() => new WatchedDisk());
  for (const [i, name] of names.entries()) cluster.nodes.set(name, new Node(name, (watched[i] as WatchedDisk).disk));
  return { cluster, watched };
}

/** Boots all, and checks that they are one cluster. */
async function expectOneCluster(cluster: TestCluster): Promise<void> {
  for (const name of names) if (cluster.node(name).member === undefined) await cluster.boot(name, "new", names);
  await cluster.clock.until(() => cluster.leader() !== undefined);
  const leader = cluster.leader();
  expect(leader?.raftStatus().config.voters).toHaveLength(3);
  await cluster.settle(cluster.put(leader as never, "a", "1"));
  await cluster.clock.until(() => cluster.up().every((member) => member.applied === leader?.applied));
  expect(cluster.up()).toHaveLength(3);
  expect(new Set(await cluster.hashes()).size).toBe(1);
}

/** Boots members, the power of each failing at its step `at`. Returns false when there are not so many steps. */
async function bootWithPowerCut(
  { cluster, watched }: ReturnType<typeof threeMembers>,
  at: number,
  survives: (operation: Unsynced) => boolean | number,
): Promise<boolean> {
  let cut = false;
  for (const [i, name] of names.entries()) {
    const { disk } = watched[i] as WatchedDisk;
    let steps = 0;
    (watched[i] as WatchedDisk).onStep = () => {
      steps += 1;
      if (steps !== at) return;
      cut = true;
      disk.crash(survives);
      throw new DiskError("power", "", "EIO");
    };
    const booted = await cluster.boot(name, "new", names).then(
      () => true,
      () => false,
    );
    (watched[i] as WatchedDisk).onStep = () => undefined;
    if (booted) cluster.kill(name);
  }
  return cut;
}

test("power cuts at any step of the first start leave members that form the one cluster that was meant", async () => {
  for (const survives of [false, true]) {
    for (let at = 1; ; at++) {
      const started = threeMembers();
      const cut = await bootWithPowerCut(started, at, () => survives);
      if (!cut) break;
      await expectOneCluster(started.cluster);
    }
  }
}, 60_000);

/** Cuts the power when the first entries of the log were written and are about to be synced. */
function beforeFirstSync(watched: WatchedDisk, survives: (operation: Unsynced) => boolean | number): void {
  let named = false;
  watched.onStep = ({ operation, path }) => {
    if (operation === "rename" && path.includes("wal")) named = true;
    if (!named || operation !== "sync" || !path.endsWith(".wal")) return;
    watched.onStep = () => undefined;
    watched.disk.crash(survives);
    throw new DiskError("power", "", "EIO");
  };
}

test("a first write of the log that is torn anywhere does not make a smaller cluster", async () => {
  const probe = threeMembers();
  let size = 0;
  beforeFirstSync(probe.watched[0] as WatchedDisk, (operation) => {
    if (operation.kind === "write") size = Math.max(size, operation.length);
    return true;
  });
  await probe.cluster.boot("m1", "new", names).catch(() => undefined);
  expect(size).toBeGreaterThan(100);
  for (let kept = 0; kept <= size; kept += Math.ceil(size / 5)) {
    const { cluster, watched: disks } = threeMembers();
    for (const [i, name] of names.entries()) {
      const one = disks[i] as WatchedDisk;
      beforeFirstSync(one, (o) => (o.kind === "write" ? Math.min(kept, o.length) : true));
      await cluster.boot(name, "new", names).catch(() => undefined);
      one.onStep = () => undefined;
      expect(cluster.node(name).member, `${name} ${kept}`).toBeUndefined();
    }
    // Each alone must wait for the others.
    const first = await cluster.boot("m1", "new", names);
    await cluster.clock.advance(2500);
    expect(first.isLeader, `torn after ${kept} bytes`).toBe(false);
    cluster.kill("m1");
    const second = await cluster.boot("m2", "new", names);
    await cluster.clock.advance(2500);
    expect(second.isLeader, `torn after ${kept} bytes`).toBe(false);
    cluster.kill("m2");
    const third = await cluster.boot("m3", "new", names);
    await cluster.clock.advance(2500);
    expect(third.isLeader, `torn after ${kept} bytes`).toBe(false);
    await expectOneCluster(cluster);
  }
}, 60_000);

test("names that a killed first start made are durable before anything is promised (D09)", async () => {
  for (let at = 1; ; at++) {
    const cluster = new TestCluster();
    const watched = new WatchedDisk();
    cluster.nodes.set("m1", new Node("m1", watched.disk));
    let syncs = 0;
    watched.onStep = ({ operation, path }) => {
      if (operation === "syncDirectory") syncs += 1;
      if (syncs === at) throw new DiskError("kill", path, "EIO");
    };
    const booted = await cluster.boot("m1").catch(() => undefined);
    watched.onStep = () => undefined;
    if (booted !== undefined) break;
    const again = await cluster.boot("m1");
    await cluster.clock.until(() => again.isLeader);
    await cluster.settle(cluster.put(again, "a", "1"));
    cluster.kill("m1");
    const last = await cluster.boot("m1");
    await cluster.clock.until(() => last.machine.store.revision === 2);
  }
});

test("power cuts at any step of a join leave a member that joins", async () => {
  for (const survives of [false, true]) {
    for (let at = 1; ; at++) {
      const cluster = await TestCluster.start(1);
      const leader = cluster.node("m1").running;
      await cluster.settle(cluster.put(leader, "a", "1"));
      const watched = new WatchedDisk();
      cluster.nodes.set("m2", new Node("m2", watched.disk));
      await cluster.settle(leader.changes.add([cluster.node("m2").url], true));
      let steps = 0;
      let cut = false;
      watched.onStep = () => {
        steps += 1;
        if (steps !== at) return;
        cut = true;
        cluster.node("m2").member?.abandon();
        cluster.node("m2").member = undefined;
        watched.disk.crash(() => survives);
        throw new DiskError("power", "", "EIO");
      };
      const joining = await cluster.boot("m2", "existing").catch(() => undefined);
      await cluster.clock.until(() => cut || joining?.applied === leader.applied);
      await cluster.clock.advance(200);
      watched.onStep = () => undefined;
      if (!cut) break;
      const stopped = cluster.node("m2").member;
      cluster.node("m2").member = undefined;
      stopped?.abandon();
      const again = await cluster.boot("m2", "existing").catch((error: unknown) => {
        throw new Error(`after a power cut at step ${at}, survives ${survives}: ${String(error)}`);
      });
      await cluster.clock.until(() => again.applied === leader.applied && again.duties.isPublished);
      const found = again.machine.store.range({ key: utf8Encode("a") });
      expect(found.kind === "ok" && found.count).toBe(1);
    }
  }
}, 60_000);
