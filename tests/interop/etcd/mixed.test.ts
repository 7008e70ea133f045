import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Writers } from "../../e2e/support/writers.ts";
import { Scope, ServerCluster, type ServerMember, waitFor } from "../../support/index.ts";
import { at, etcds, fill, hashes, haveCtl, hasty, lead, stored } from "./support.ts";

/** Two members of real etcd and one of ours, which go through everything together. */
describe.skipIf(!haveCtl).each(etcds)("a cluster of quorate and %s", (etcd) => {
  const scope = new Scope();
  let cluster: ServerCluster;
  let [ours, real]: ServerMember[] = [];
  const member = (which: ServerMember | undefined): ServerMember => which as ServerMember;

  beforeAll(async () => {
    cluster = await ServerCluster.start(scope, { program: etcd, members: ["quorate", etcd, etcd], flags: [hasty] });
    [ours, real] = cluster.members;
  });
  afterAll(() => scope.close());

  test("bootstraps together, is written through every member under every leader, and agrees (N16)", async () => {
    for (const leader of cluster.members) {
      await lead(cluster, leader);
      for (const asked of cluster.members) {
        await at([asked], "put", `${leader.name}/${asked.name}`, "v");
        await fill(asked, `${leader.name}/${asked.name}/`, 20);
      }
      expect(await at([leader], "del", `${leader.name}/${leader.name}`)).toBe("1\n");
    }
    const before = await hashes(cluster.members);
    expect(before.distinct).toHaveLength(1);
    await at([member(ours)], "compaction", String(before.revision - 5), "--physical");
    // Each member deletes in its own time; a hash taken meanwhile names another compaction.
    await waitFor("the compaction to be over", async () => (await hashes(cluster.members)).distinct.length === 1);
  });

  test("agrees on leases, revoked by hand or by time", async () => {
    await lead(cluster, member(real));
    const grant = async (seconds: number): Promise<string> => {
      const said = await at([member(real)], "lease", "grant", String(seconds));
      return /lease ([0-9a-f]+) granted/.exec(said)?.[1] ?? "";
    };
    const long = await grant(600);
    for (const asked of cluster.members) {
      await at([asked], "put", `long/${asked.name}`, "v", `--lease=${long}`);
      await at([asked], "put", `kept/${asked.name}`, "v");
    }
    const short = await grant(2);
    await at([member(ours)], "put", "short/1", "v", `--lease=${short}`);
    await at([member(real)], "lease", "revoke", long);
    await waitFor("the short lease to end", async () => {
      const left = await Promise.all(cluster.members.map((asked) => stored(asked, "short/")));
      return left.every(({ size }) => size === 0);
    });
    expect((await hashes(cluster.members)).distinct).toHaveLength(1);
    for (const asked of cluster.members) {
      expect((await stored(asked, "long/")).size).toBe(0);
      expect((await stored(asked, "kept/")).size).toBe(3);
    }
    await expect(at([member(ours)], "put", "k", "v", `--lease=${long}`)).rejects.toThrow("requested lease not found");
  });

  test("loses nothing when leaders of both kinds are killed under load and come back", async () => {
    const writers = new Writers(cluster.endpoints, "load/", 4);
    try {
      await waitFor("writers to be under way", () => writers.count > 50);
      for (const victim of [member(ours), member(real)]) {
        await lead(cluster, victim);
        await victim.kill();
        const gone = writers.count;
        await waitFor("writes to go on without it", () => writers.count > gone + 100);
        victim.start();
        await victim.ready();
        const back = writers.count;
        await waitFor("writes beside the returned member", () => writers.count > back + 100);
      }
    } finally {
      await writers.stop();
    }
    for (const asked of cluster.members) {
      expect(writers.lostFrom(await stored(asked, "load/"))).toEqual([]);
    }
    expect((await hashes(cluster.members)).distinct).toHaveLength(1);
  });

  test("goes on when two members exchange their programs on the disks of kill -9, and exchange them again", async () => {
    for (const programs of [
      [etcd, "quorate"],
      ["quorate", etcd],
    ]) {
      const pair = [member(ours), member(real)];
      for (const [i, one] of pair.entries()) {
        await one.kill();
        one.program = programs[i] as string;
        one.start();
        await one.ready();
        await fill(one, `after-${one.name}-is-${one.program}/`, 50);
        expect((await hashes(cluster.members)).distinct).toHaveLength(1);
      }
    }
    await cluster.stop();
  });
});
