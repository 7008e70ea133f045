import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ctlOk, realBinary, Scope, ServerCluster, type ServerMember, statuses, waitFor } from "../support/index.ts";
import { KvClient } from "./support/kv-client.ts";
import { Writers } from "./support/writers.ts";

const scope = new Scope();
afterAll(() => scope.close());

/** Waits until the members have applied the same index, and returns their hashes of all keys at one revision. */
async function hashes(endpoints: readonly string[]): Promise<string[]> {
  const revision = await waitFor("the members to be level", async () => {
    const all = await statuses({ endpoints });
    return all.every(({ revision: own }) => own === all[0]?.revision) ? all[0]?.revision : undefined;
  });
  const said = await ctlOk(["endpoint", "hashkv", `--rev=${revision}`, "-w", "json"], { endpoints });
  const parsed = JSON.parse(said) as { HashKV: { hash: number } }[];
  expect(parsed).toHaveLength(endpoints.length);
  return parsed.map(({ HashKV }) => String(HashKV.hash));
}

async function storedAt(member: ServerMember, prefix: string, serializable = false): Promise<Map<string, string>> {
  const client = new KvClient(member.clientUrl);
  try {
    return await client.below(prefix, { serializable });
  } finally {
    client.close();
  }
}

describe.skipIf(realBinary("etcdctl-3.4") === undefined)("three members under load", () => {
  let cluster: ServerCluster;
  let writers: Writers | undefined;
  beforeAll(async () => {
    cluster = await ServerCluster.start(scope, { program: "quorate" });
  });
  afterAll(() => writers?.stop());

  /** Starts writers and waits until they are under way. */
  async function load(prefix: string): Promise<Writers> {
    writers = new Writers(cluster.endpoints, prefix);
    const { acknowledged } = writers;
    await waitFor("the writers to be under way", () => acknowledged.length > 200);
    return writers;
  }

  test("kill -9 of the leader: writes go on within 3 s, none is lost, and it comes back and catches up", async () => {
    const leader = await cluster.leader();
    const running = await load("kill/");
    const killedMs = performance.now();
    await leader.kill();
    const before = running.count;
    await waitFor("writes to go on", () => running.count > before + 200);
    expect(running.longestGapMs(killedMs)).toBeLessThan(3_000);

    leader.start();
    await leader.ready();
    const back = running.count;
    await waitFor("writes beside the returned member", () => running.count > back + 200);
    await running.stop();
    for (const member of cluster.members) {
      expect(running.lostFrom(await storedAt(member, "kill/"))).toEqual([]);
    }
    expect(new Set(await hashes(cluster.endpoints)).size).toBe(1);
    expect(running.lostFrom(await storedAt(leader, "kill/", true))).toEqual([]);
  });

  test("kill -9 of all members at once: what was acknowledged is there after their restart (P03)", async () => {
    const running = await load("all/");
    await Promise.all(cluster.members.map((member) => member.kill()));
    await running.stop();
    cluster.startAll();
    await cluster.ready();
    expect(running.count).toBeGreaterThan(200);
    for (const member of cluster.members) {
      expect(running.lostFrom(await storedAt(member, "all/"))).toEqual([]);
    }
    expect(new Set(await hashes(cluster.endpoints)).size).toBe(1);
  });

  test("SIGTERM of all members at once keeps nobody waiting for a successor that is leaving, too", async () => {
    const startedMs = performance.now();
    const exits = await Promise.all(cluster.members.map((member) => member.stop()));
    expect(exits).toEqual(cluster.members.map(() => ({ code: null, signal: "SIGTERM" })));
    expect(performance.now() - startedMs).toBeLessThan(1_200);
    cluster.startAll();
    await cluster.ready();
  });

  test("SIGTERM of the leader hands leadership over at once, and it dies by the signal (P04)", async () => {
    const leader = await cluster.leader();
    const [before] = await statuses({ endpoints: [leader.clientUrl] });
    const running = await load("term/");
    const stoppedMs = performance.now();
    expect(await leader.stop()).toEqual({ code: null, signal: "SIGTERM" });
    const count = running.count;
    await waitFor("writes to go on", () => running.count > count + 200);
    // Sooner than the shortest election timeout: nobody had to notice that a leader is missing.
    expect(running.longestGapMs(stoppedMs)).toBeLessThan(1_000);
    await running.stop();
    const messages = leader.process.logLines().map(({ msg }) => msg);
    expect(messages).toContain("received signal; shutting down");
    expect(messages).toContain("leadership transfer finished");
    expect(messages).toContain("closed etcd server");
    const successor = await cluster.leader();
    const [after] = await statuses({ endpoints: [successor.clientUrl] });
    expect(after?.term).toBe((before?.term ?? 0) + 1);
    expect(running.lostFrom(await storedAt(successor, "term/"))).toEqual([]);
    leader.start();
    await leader.ready();
    expect(running.lostFrom(await storedAt(leader, "term/"))).toEqual([]);
  });
});
