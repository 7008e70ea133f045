import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  ctl,
  ctlOk,
  realBinary,
  Scope,
  ServerCluster,
  type ServerMember,
  statuses,
  waitFor,
} from "../support/index.ts";
import { KvClient } from "./support/kv-client.ts";
import { idOf, listedBy, onceHealthy, printedVariables, startAsPrinted } from "./support/members.ts";

const scope = new Scope();
afterAll(() => scope.close());

/** The error that etcdctl prints last. */
async function refusal(
  args: readonly string[],
  asked: ServerMember,
  env: Record<string, string> = {},
): Promise<string> {
  const { code, stdout, stderr } = await ctl(args, { endpoints: [asked.clientUrl], env });
  expect(`${code} ${stdout}`).toBe("1 ");
  return (/^Error: (.*)$/m.exec(stderr)?.[1] ?? stderr).trim();
}

async function putMany(member: ServerMember, prefix: string, count: number): Promise<void> {
  const client = new KvClient(member.clientUrl);
  await Promise.all(Array.from({ length: count }, (_, i) => client.put(`${prefix}${i}`, `value ${i}`)));
  client.close();
}

/** How many keys a member has by itself, without asking the leader. */
async function ownCount(member: ServerMember, prefix: string): Promise<number> {
  const client = new KvClient(member.clientUrl);
  try {
    return (await client.below(prefix, { serializable: true })).size;
  } finally {
    client.close();
  }
}

const said = (member: ServerMember): unknown[] => member.process.logLines().map(({ msg }) => msg);

/** A removed member stops itself, and refuses to start again on the same data, each time with etcd's words. */
async function expectPermanentlyRemoved(member: ServerMember): Promise<void> {
  const words = /the member has been permanently removed from the cluster/;
  const first = await member.process.waitForExit();
  expect(member.process.output).toMatch(words);
  expect(member.process.output).toMatch(/data-dir used by this member must be removed/);
  expect(first.signal).toBeNull();
  member.start();
  const second = await member.process.waitForExit();
  expect(member.process.output).toMatch(words);
  expect(member.process.output).not.toMatch(/ready to serve client requests/);
  expect(second).toEqual(first);
}

const missing = realBinary("etcdctl-3.4") === undefined;

describe.skipIf(missing)("one member", () => {
  let cluster: ServerCluster;
  let first: ServerMember;
  beforeAll(async () => {
    cluster = await ServerCluster.start(scope, { program: "quorate", members: 1 });
    first = cluster.members[0] as ServerMember;
  });

  test("cannot be removed, and no second change is taken while the first addition has not started (M38)", async () => {
    const id = await idOf(first, first);
    const tooFew = "etcdserver: re-configuration failed due to not enough started members";
    expect(await refusal(["member", "remove", id], first)).toBe(tooFew);
    const second = await cluster.join();
    const added = await ctlOk(["member", "add", "m2", `--peer-urls=${second.peerUrl}`], {
      endpoints: cluster.endpoints,
    });
    expect(await refusal(["member", "add", "m3", "--peer-urls=http://127.0.0.1:1"], first)).toBe(tooFew);
    expect(await refusal(["member", "add", "m3", "--learner", "--peer-urls=http://127.0.0.1:1"], first)).toBe(
      "etcdserver: unhealthy cluster",
    );
    expect(printedVariables(added)).toEqual({
      ETCD_NAME: "m2",
      ETCD_INITIAL_CLUSTER: expect.stringContaining(`m2=${second.peerUrl}`) as string,
      ETCD_INITIAL_ADVERTISE_PEER_URLS: second.peerUrl,
      ETCD_INITIAL_CLUSTER_STATE: "existing",
    });
  });

  test("becomes two: the second catches up from the log", async () => {
    const second = cluster.members[1] as ServerMember;
    second.start();
    await second.ready();
    await ctlOk(["put", "k", "v"], { endpoints: [second.clientUrl] });
    const listed = (await listedBy(second)).map(({ name, status }) => `${name} ${status}`);
    expect(listed.sort()).toEqual(["m1 started", "m2 started"]);
    expect(said(second)).not.toContain("applied snapshot");
    await cluster.stop();
  });
});

describe.skipIf(missing)("three members that keep few entries", () => {
  const flags = ["--snapshot-count=50", "--snapshot-catchup-entries=10", "--enable-v2"];
  let cluster: ServerCluster;
  let at: ServerMember;
  beforeAll(async () => {
    cluster = await ServerCluster.start(scope, { program: "quorate", flags });
    at = cluster.members[0] as ServerMember;
  });

  test("refuse an addition before the members have known each other for five seconds", async () => {
    // With a URL that would be refused in any case, so that nothing is changed should the check let it pass.
    expect(await refusal(["member", "add", "m4", `--peer-urls=${at.peerUrl}`], at)).toBe(
      "etcdserver: unhealthy cluster",
    );
  });

  test("grow to four: the fourth is started as `member add` printed, and receives a snapshot", async () => {
    await putMany(at, "before/", 500);
    const fourth = await cluster.join();
    const added = await onceHealthy(["member", "add", "m4", `--peer-urls=${fourth.peerUrl}`], at);
    const id = await idOf(at, fourth);
    const [{ clusterId } = { clusterId: "0" }] = await statuses({ endpoints: [at.clientUrl] });
    const lines = added.split("\n");
    expect(lines[0]).toBe(`Member ${id.padStart(16)} added to cluster ${BigInt(clusterId).toString(16).padStart(16)}`);
    expect(lines[2]).toBe('ETCD_NAME="m4"');
    const members = lines[3]?.slice('ETCD_INITIAL_CLUSTER="'.length, -1).split(",").sort();
    expect(members).toEqual(cluster.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).sort());
    expect(lines.slice(4)).toEqual([
      `ETCD_INITIAL_ADVERTISE_PEER_URLS="${fourth.peerUrl}"`,
      'ETCD_INITIAL_CLUSTER_STATE="existing"',
      "",
    ]);
    expect((await listedBy(at)).find((listed) => listed.id === id)).toMatchObject({ status: "unstarted", name: "" });

    startAsPrinted(fourth, added, flags);
    await fourth.ready();
    expect(said(fourth)).toContain("applied snapshot");
    await putMany(fourth, "after/", 20);
    await waitFor("the fourth to have all", async () => (await ownCount(fourth, "after/")) === 20);
    expect(await ownCount(fourth, "before/")).toBe(500);
    const started = ["m1", "m2", "m3", "m4"].map((name) => `${name} started false`);
    for (const member of cluster.members) {
      const listed = (await listedBy(member)).map(({ name, status, isLearner }) => `${name} ${status} ${isLearner}`);
      expect(listed.sort()).toEqual(started);
    }
  });

  test("take a learner, promote it when it is in sync, and only then let it serve (M17)", async () => {
    const learner = await cluster.join("m5");
    const added = await onceHealthy(["member", "add", "m5", "--learner", `--peer-urls=${learner.peerUrl}`], at);
    const id = await idOf(at, learner);
    const second = ["member", "add", "m6", "--learner", "--peer-urls=http://127.0.0.1:1"];
    expect(await refusal(second, at)).toBe("etcdserver: too many learner members in cluster");
    const notInSync = "etcdserver: can only promote a learner member which is in sync with leader";
    expect(await refusal(["member", "promote", id], at)).toBe(notInSync);

    startAsPrinted(learner, added, flags);
    await learner.process.waitForOutput(/ready to serve client requests/);
    expect((await listedBy(at)).find((listed) => listed.id === id)).toMatchObject({
      status: "started",
      isLearner: true,
    });
    const [status] = await statuses({ endpoints: [learner.clientUrl] });
    expect(status?.isLearner).toBe(true);
    expect(await refusal(["get", "k"], learner)).toBe("etcdserver: rpc not supported for learner");
    const leader = await cluster.leader();
    expect(await refusal(["move-leader", id], leader)).toBe("etcdserver: bad leader transferee");

    const follower = cluster.members.find((member) => member !== leader && member !== learner) as ServerMember;
    const [{ clusterId } = { clusterId: "0" }] = await statuses({ endpoints: [at.clientUrl] });
    const promoted = await waitFor("the promotion", () =>
      ctlOk(["member", "promote", id], { endpoints: [follower.clientUrl] }),
    );
    expect(promoted).toBe(
      `Member ${id.padStart(16)} promoted in cluster ${BigInt(clusterId).toString(16).padStart(16)}\n`,
    );
    expect(await refusal(["member", "promote", id], follower)).toBe("etcdserver: can only promote a learner member");
    expect(await refusal(["member", "promote", id], leader)).toBe("etcdserver: can only promote a learner member");
    expect((await listedBy(at)).find((listed) => listed.id === id)).toMatchObject({ isLearner: false });
    const got = await waitFor("the promoted member to serve", () =>
      ctlOk(["get", "before/499", "--print-value-only"], { endpoints: [learner.clientUrl] }),
    );
    expect(got).toBe("value 499\n");
  });

  test("change the peer URLs of a member, by both versions of the tool, and go on", async () => {
    const member = cluster.members[1] as ServerMember;
    const id = await idOf(at, member);
    const other = member.peerUrl.replace("127.0.0.1", "localhost");
    const v2 = await ctlOk(["member", "update", id, other], { endpoints: [at.clientUrl], api: 2 });
    expect(v2).toBe(`Updated member with ID ${id} in cluster\n`);
    expect((await listedBy(member)).find((listed) => listed.id === id)).toMatchObject({ peerUrls: other, name: "m2" });
    await putMany(member, "updated/", 20);
    expect(await refusal(["member", "update", id, `--peer-urls=${at.peerUrl}`], at)).toBe(
      "etcdserver: Peer URLs already exists",
    );
    const v3 = await ctlOk(["member", "update", id, `--peer-urls=${member.peerUrl}`], { endpoints: [at.clientUrl] });
    expect(v3).toMatch(new RegExp(`^Member +${id} updated in cluster +[0-9a-f]+\n$`));
    expect((await listedBy(member)).find((listed) => listed.id === id)).toMatchObject({ peerUrls: member.peerUrl });
    await putMany(member, "updated/", 20);
    expect(await ownCount(member, "updated/")).toBe(20);
  });

  test("move leadership where it is told to go, and refuse what cannot be", async () => {
    const { endpoints } = cluster;
    const leader = await cluster.leader();
    const target = cluster.members.find((member) => member !== leader) as ServerMember;
    const [from, to] = [await idOf(at, leader), await idOf(at, target)];
    expect(await ctlOk(["move-leader", to], { endpoints })).toBe(`Leadership transferred from ${from} to ${to}\n`);
    expect(await cluster.leader()).toBe(target);
    expect(await ctlOk(["move-leader", to], { endpoints })).toBe(`Leadership transferred from ${to} to ${to}\n`);
    expect(await refusal(["move-leader", "1234"], target)).toBe("etcdserver: bad leader transferee");
    const notLeader = await ctl(["move-leader", from], { endpoints: [leader.clientUrl] });
    expect(notLeader.stderr).toContain("no leader endpoint given at");
  });

  test("remove a follower: it stops itself and refuses to start again (M14)", async () => {
    const leader = await cluster.leader();
    const follower = cluster.members.find((member) => member !== leader && member !== at) as ServerMember;
    const id = await idOf(at, follower);
    const removed = await onceHealthy(["member", "remove", id], at);
    expect(removed).toMatch(new RegExp(`^Member +${id} removed from cluster +[0-9a-f]+\n$`));
    await expectPermanentlyRemoved(follower);
    expect(await refusal(["member", "remove", id], at)).toBe("etcdserver: member not found");
    expect((await listedBy(at)).map((listed) => listed.id)).not.toContain(id);
    cluster.members.splice(cluster.members.indexOf(follower), 1);
  });

  test("remove the leader through itself: another leads, the removed one stops itself", async () => {
    const leader = await cluster.leader();
    const other = cluster.members.find((member) => member !== leader) as ServerMember;
    const id = await idOf(other, leader);
    await onceHealthy(["member", "remove", id], leader);
    cluster.members.splice(cluster.members.indexOf(leader), 1);
    await expectPermanentlyRemoved(leader);
    expect((await cluster.leader()).name).not.toBe(leader.name);
    at = other;
    await putMany(at, "without/", 20);
    expect(cluster.members).toHaveLength(3);
  });

  test("add and remove a learner that never started, the removal with the old tool", async () => {
    await onceHealthy(["member", "add", "m9", "--learner", "--peer-urls=http://127.0.0.1:1"], at);
    const id = (await listedBy(at)).find(({ isLearner }) => isLearner)?.id ?? "";
    expect(await ctlOk(["member", "remove", id], { endpoints: [at.clientUrl], api: 2 })).toBe(
      `Removed member ${id} from cluster\n`,
    );
    expect(await listedBy(at)).toHaveLength(3);
  });

  test("add a member with the old tool, which prints what is needed to start it", async () => {
    const fresh = await cluster.join("m7");
    const added = await onceHealthy(["member", "add", "m7", fresh.peerUrl], at, 2);
    const id = await idOf(at, fresh);
    expect(added.split("\n")[0]).toBe(`Added member named m7 with ID ${id} to cluster`);
    expect(printedVariables(added)).toMatchObject({ ETCD_NAME: "m7", ETCD_INITIAL_CLUSTER_STATE: "existing" });
    startAsPrinted(fresh, added, flags);
    await fresh.ready();
    const list = await ctlOk(["member", "list"], { endpoints: [fresh.clientUrl], api: 2 });
    const leaders = list.split("\n").filter((line) => line.endsWith("isLeader=true"));
    expect(leaders).toHaveLength(1);
    expect(list).toContain(`${id}: name=m7 peerURLs=${fresh.peerUrl} clientURLs=${fresh.clientUrl} isLeader=false`);
    const health = await ctl(["cluster-health"], { endpoints: [at.clientUrl], api: 2 });
    expect(health.stdout).toMatch(/cluster is healthy\n$/);
    expect(health.code).toBe(0);
  });

  test("with one of four down: the old tool says so, and the dead one can be removed for good", async () => {
    const dead = cluster.members.at(-1) as ServerMember;
    const id = await idOf(at, dead);
    await dead.kill();
    const health = await ctl(["cluster-health"], { endpoints: [at.clientUrl], api: 2 });
    expect(health.stdout).toMatch(/cluster is degraded\n$/);
    expect(health.code).toBe(5);
    await waitFor("the removal", () => ctlOk(["member", "remove", id], { endpoints: [at.clientUrl] }));
    cluster.members.pop();
    dead.start();
    await dead.process.waitForExit();
    expect(dead.process.output).toMatch(/the member has been permanently removed from the cluster/);
  });

  test("with one of three down: refuse an addition, and the removal of one of the two that are left (M39)", async () => {
    const dead = cluster.members.find((member) => member !== at) as ServerMember;
    const alive = cluster.members.find((member) => member !== at && member !== dead) as ServerMember;
    await dead.kill();
    expect(await refusal(["member", "add", "m8", "--peer-urls=http://127.0.0.1:1"], at)).toBe(
      "etcdserver: unhealthy cluster",
    );
    const id = await idOf(at, alive);
    expect(await refusal(["member", "remove", id], at)).toBe("etcdserver: unhealthy cluster");
    await putMany(alive, "two/", 10);
    await cluster.stop();
  });
});
