import { afterEach, describe, expect, test } from "vitest";
import { Scope, ServerCluster, type ServerMember } from "../../support/index.ts";
import { at, etcds, fill, hashes, haveCtl, hasty, joined, lead, listed, promote, remove } from "./support.ts";

let scope = new Scope();
afterEach(async () => {
  await scope.close();
  scope = new Scope();
});

/** A short log, so that whoever comes later needs a snapshot; 3.4 and 3.5 keep 5,000 entries whatever is asked. */
const shortLog = (program: string): string[] =>
  program === "etcd-3.4" || program === "etcd-3.5"
    ? ["--snapshot-count=100"]
    : [
        "--snapshot-count=100",
        program === "etcd-3.6" ? "--experimental-snapshot-catchup-entries=10" : "--snapshot-catchup-entries=10",
      ];

const entriesKept = (program: string): number => (program === "etcd-3.4" || program === "etcd-3.5" ? 5_000 : 10);

const first = (cluster: ServerCluster): ServerMember => cluster.members[0] as ServerMember;

/** Joins as learner, is promoted, leads, and is removed again. */
async function visit(cluster: ServerCluster, guest: string): Promise<void> {
  const host = first(cluster);
  const learner = await joined(cluster, host, guest, { learner: true });
  expect(await listed(host, learner)).toMatch(/true$/);
  await fill(host, "while-learning/", 50);
  await promote(host, learner);
  expect((await hashes([host, learner])).distinct).toHaveLength(1);
  await lead(cluster, learner);
  await at([learner], "put", "under", guest);
  await lead(cluster, host);
  await remove(host, learner);
  await at([host], "put", "without", guest);
  expect(learner.process.output).toContain("the member has been permanently removed from the cluster");
}

describe.skipIf(!haveCtl).each(etcds)("joining with %s", (etcd) => {
  test("a quorate joins a live cluster from its log and from a snapshot, learns, leads and leaves", async () => {
    const cluster = await ServerCluster.start(scope, { program: etcd, members: 1, flags: [hasty] });
    const host = first(cluster);
    await fill(host, "before/", 200);
    await visit(cluster, "quorate");
    await cluster.stop();

    host.flags.push(...shortLog(etcd));
    host.start();
    await host.ready();
    await fill(host, "many/", entriesKept(etcd) + 300);
    const guest = await joined(cluster, host, "quorate");
    expect((await hashes([host, guest])).distinct).toHaveLength(1);
    expect(guest.process.output).toContain("applied snapshot");
    await fill(guest, "after/", 50);
    expect((await hashes([host, guest])).distinct).toHaveLength(1);
    await cluster.stop();
  });

  test("a real etcd joins a cluster that quorate leads, from its log and from its snapshot, learns, leads and leaves", async () => {
    // The member beside it holds the cluster at a version that the newcomer can join.
    const cluster = await ServerCluster.start(scope, { program: etcd, members: ["quorate", etcd], flags: [hasty] });
    const host = first(cluster);
    await lead(cluster, host);
    await fill(host, "before/", 200);
    await visit(cluster, etcd);
    await host.stop();

    host.flags.push(...shortLog("quorate"));
    host.start();
    await Promise.all(cluster.running().map((member) => member.ready()));
    await fill(host, "many/", 500);
    await lead(cluster, host);
    const guest = await joined(cluster, host, etcd);
    expect((await hashes(cluster.running())).distinct).toHaveLength(1);
    expect(host.process.output).toMatch(/sent database snapshot|sending database snapshot/);
    await fill(guest, "after/", 50);
    expect((await hashes(cluster.running())).distinct).toHaveLength(1);
    await cluster.stop();
  });
});
