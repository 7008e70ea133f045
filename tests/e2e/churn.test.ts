import { rmSync } from "node:fs";
import { afterAll, describe, expect, test } from "vitest";
import { ctl, ctlOk, pause, realBinary, Scope, ServerCluster, type ServerMember, waitFor } from "../support/index.ts";
import { KvClient } from "./support/kv-client.ts";
import { idOf, listedBy, onceHealthy, startAsPrinted } from "./support/members.ts";
import { Writers } from "./support/writers.ts";

const scope = new Scope();
afterAll(() => scope.close());

async function storedAt(member: ServerMember, prefix: string): Promise<Map<string, string>> {
  const client = new KvClient(member.clientUrl);
  try {
    return await client.below(prefix);
  } finally {
    client.close();
  }
}

describe.skipIf(realBinary("etcdctl-3.4") === undefined)("members come and go", () => {
  const flags = ["--snapshot-count=200", "--snapshot-catchup-entries=50"];

  test("all three are replaced one by one under load, the last old one by force, and nothing acknowledged is lost (M44)", {
    timeout: 120_000,
  }, async () => {
    const cluster = await ServerCluster.start(scope, { program: "quorate", flags });
    const old = [...cluster.members];
    const fresh: ServerMember[] = [];
    for (const _ of old) fresh.push(await cluster.join());
    const writers = new Writers(cluster.endpoints, "churn/");
    scope.defer(() => writers.stop());
    for (const [i, leaving] of old.entries()) {
      const coming = fresh[i] as ServerMember;
      const asked = fresh[i - 1] ?? (old.find((member) => member !== leaving) as ServerMember);
      const args = ["member", "add", coming.name, "--learner", `--peer-urls=${coming.peerUrl}`];
      startAsPrinted(coming, await onceHealthy(args, asked), flags);
      const id = await idOf(asked, coming);
      const listed = { endpoints: [asked.clientUrl] };
      await waitFor("the promotion", () => ctlOk(["member", "promote", id], listed));
      const leavingId = await idOf(asked, leaving);
      if (i === old.length - 1) await leaving.kill();
      await onceHealthy(["member", "remove", leavingId], asked);
    }
    const count = writers.count;
    await waitFor("writes to go on", () => writers.count > count + 200);
    await writers.stop();
    for (const member of fresh) expect(writers.lostFrom(await storedAt(member, "churn/"))).toEqual([]);
    const names = (await listedBy(fresh[0] as ServerMember)).map(({ name, status }) => `${name} ${status}`);
    expect(names.sort()).toEqual(["m4 started", "m5 started", "m6 started"]);
    for (const member of old.slice(0, -1)) {
      await member.process.waitForExit();
      expect(member.process.output).toMatch(/the member has been permanently removed from the cluster/);
    }
    await Promise.all(fresh.map((member) => member.stop()));
  });

  test("kill -9 of the leader amid a change of members: all agree afterwards who is a member, and nothing is lost", {
    timeout: 120_000,
  }, async () => {
    const cluster = await ServerCluster.start(scope, { program: "quorate", flags: ["--strict-reconfig-check=false"] });
    const writers = new Writers(cluster.endpoints, "amid/");
    scope.defer(() => writers.stop());
    await waitFor("the writers to be under way", () => writers.count > 100);
    for (const [round, delayMs] of [0, 10, 25, 40].entries()) {
      const leader = await cluster.leader();
      const asked = cluster.members.find((member) => member !== leader) as ServerMember;
      const kind = round % 2 === 0 ? [] : ["--learner"];
      const args = ["member", "add", "late", ...kind, `--peer-urls=http://127.0.0.1:${round + 1}`];
      const change = ctl(args, { endpoints: [asked.clientUrl] });
      await pause(delayMs);
      await leader.kill();
      leader.start();
      await leader.ready();
      const outcome = await change;
      const lists = await waitFor("the members to agree", async () => {
        const all = await Promise.all(cluster.members.map((member) => listedBy(member)));
        return all.every((list) => JSON.stringify(list) === JSON.stringify(all[0])) ? all : undefined;
      });
      const late = lists[0]?.filter(({ status }) => status === "unstarted") ?? [];
      if (outcome.code === 0) expect(late).toHaveLength(1);
      for (const { id } of late) {
        await waitFor("the removal", () => ctlOk(["member", "remove", id], { endpoints: [asked.clientUrl] }));
      }
    }
    const count = writers.count;
    await waitFor("writes to go on", () => writers.count > count + 100);
    await writers.stop();
    for (const member of cluster.members) {
      expect(writers.lostFrom(await storedAt(member, "amid/"))).toEqual([]);
      expect(await listedBy(member)).toHaveLength(3);
    }
    await cluster.stop();
  });

  test("a member that lost its data is not let back in under its old identity, and is replaced (M24, M25)", async () => {
    const cluster = await ServerCluster.start(scope, { program: "quorate", flags });
    const [asked, , lost] = cluster.members as [ServerMember, ServerMember, ServerMember];
    const id = await idOf(asked, lost);
    await ctlOk(["put", "k", "v"], { endpoints: cluster.endpoints });
    await lost.kill();
    rmSync(lost.dataDir, { recursive: true });

    lost.start();
    expect((await lost.process.waitForExit()).code).toBe(1);
    expect(lost.process.output).toMatch(new RegExp(`member ${id} has already been bootstrapped`));
    lost.flags = lost.flags.map((flag) =>
      flag.replace("--initial-cluster-state=new", "--initial-cluster-state=existing"),
    );
    lost.start();
    expect((await lost.process.waitForExit()).code).toBe(1);
    expect(lost.process.output).toMatch(new RegExp(`member ${id} already started.*member remove ${id}`));

    await waitFor("the removal", () => ctlOk(["member", "remove", id], { endpoints: [asked.clientUrl] }));
    await onceHealthy(["member", "add", lost.name, `--peer-urls=${lost.peerUrl}`], asked);
    lost.start();
    await lost.ready();
    expect(await idOf(asked, lost)).not.toBe(id);
    expect(await ctlOk(["get", "k", "--print-value-only"], { endpoints: [lost.clientUrl] })).toBe("v\n");
    await cluster.stop();
  });
});
