import { hexId } from "@quorate/base";
import { afterAll, describe, expect, test } from "vitest";
import { type GoldenVersion, Scope, waitFor } from "../../../tests/support/index.ts";
import {
  decimal,
  type GoldenAnswers,
  GoldenBoot,
  type GoldenGet,
  type GoldenMember,
  goldenMembers,
  keysAt,
} from "./testing/golden.ts";
import { goldenSources } from "./testing/golden-source.ts";
import type { Storage } from "./storage.ts";

const scope = new Scope();
afterAll(() => scope.close());

const versions: readonly GoldenVersion[] = ["etcd-3.4", "etcd-3.5", "etcd-3.6", "etcd-3.7"];

const cases = goldenSources.flatMap((source) =>
  versions.filter((version) => source.has(version, "single")).map((version) => ({ source, of: source.name, version })),
);

/** Compares with what the real server answered. */
async function expectAnswers(storage: Storage, golden: GoldenAnswers): Promise<void> {
  const [hash] = golden.hashkv;
  expect(storage.machine.store.revision).toBe(golden.status[0]?.Status.header.revision);
  const ours = await storage.hashKv(0);
  expect([ours.hash, ours.compactRevision]).toEqual([hash?.HashKV.hash, hash?.HashKV.compact_revision]);
  if (golden.get !== undefined) expect(keysAt(storage, 0)).toEqual(golden.get.kvs ?? []);
  if (golden.lease_list !== undefined) {
    const ids = (golden.lease_list.leases ?? []).map(({ id }) => id);
    expect(storage.machine.leases.list().map(({ id }) => String(id))).toEqual(ids.sort());
  }
  if (golden.member_list !== undefined) expect(goldenMembers(storage)).toEqual(golden.member_list.members);
}

interface ClusterManifest {
  readonly member_list: { readonly members: readonly GoldenMember[] };
  readonly expected_conf_state: { readonly voters: readonly string[] };
  readonly hashkv: Readonly<Record<string, { readonly hash: number; readonly compact_revision: number }>>;
  readonly get: GoldenGet;
}

interface SingleManifest {
  readonly stages: readonly {
    readonly name: string;
    readonly get: readonly { readonly rev: number; readonly response: GoldenGet & { readonly error?: string } }[];
    readonly hashkv: readonly {
      readonly rev: number;
      readonly hash?: number;
      readonly compact_revision?: number;
      readonly error?: string;
    }[];
  }[];
  readonly final_revision: number;
  readonly leases: Readonly<Record<string, { "granted-ttl": number; keys?: readonly string[] }>>;
  readonly member_list: { readonly members: readonly GoldenMember[] };
}

describe.each(cases)("a data directory of $version in $of", ({ source, version }) => {
  const boot = async (set: string, name = "n1"): Promise<GoldenBoot> =>
    new GoldenBoot(scope, await source.unpack(scope, version, set), { name });

  test("single: is read as it was left, at every revision, and led on", async () => {
    const manifest = source.manifest<SingleManifest>(version, "single");
    const golden = await boot("single");
    const member = await golden.lead();
    const { storage } = member;
    const { machine } = storage;
    // A newer cluster is joined as it is; an older one is raised once its only member is of our version.
    expect(member.version).toBe(version === "etcd-3.7" ? "3.7.0" : "3.6.14");
    expect(machine.store.revision).toBe(manifest.final_revision);
    const last = manifest.stages.at(-1);
    for (const { rev, response } of last?.get ?? []) {
      if (response.error === undefined) expect(keysAt(storage, rev), `at ${rev}`).toEqual(response.kvs ?? []);
    }
    // The hash that a compaction took before it deleted lives in memory only: those of other compactions are left out.
    const lastCompaction = last?.hashkv.find(({ rev }) => rev === 0)?.compact_revision;
    const hashes = (last?.hashkv ?? []).filter(({ compact_revision: at }) => at === lastCompaction);
    expect(hashes.length).toBeGreaterThan(3);
    for (const { rev, hash } of hashes) {
      const ours = await storage.hashKv(rev);
      expect([ours.hash, ours.compactRevision], `at ${rev}`).toEqual([hash, lastCompaction]);
    }
    const leases = machine.leases.list().map(({ id, ttlSeconds }) => ({
      id: hexId(id),
      ttl: ttlSeconds,
      keys: machine.leases.keysOf(id).map((key) => Buffer.from(key).toString("base64")),
    }));
    const wanted = Object.entries(manifest.leases).map(([id, lease]) => ({
      id,
      ttl: lease["granted-ttl"],
      keys: [...(lease.keys ?? [])].sort(),
    }));
    expect(leases.map((lease) => ({ ...lease, keys: lease.keys.sort() }))).toEqual(wanted);
    expect(leases.length).toBeGreaterThan(0);
    expect(goldenMembers(storage)).toEqual(manifest.member_list.members);
    const reached = version === "etcd-3.7" ? "3.7.0" : "3.6.0";
    await waitFor("the cluster version", () => machine.membership.clusterVersion === reached, { intervalMs: 5 });
    await golden.close();
  });

  test.runIf(source.has(version, "crash"))(
    "crash: what the database had not yet is applied again from the log",
    async () => {
      const golden = await boot("crash");
      const { storage } = await golden.lead();
      await expectAnswers(storage, source.manifest<{ after_restart: GoldenAnswers }>(version, "crash").after_restart);
      await golden.close();
    },
  );

  test.runIf(source.has(version, "crash-ahead"))(
    "crash-ahead: a database ahead of the log's commit is not applied twice",
    async () => {
      const golden = await boot("crash-ahead");
      const { storage } = await golden.lead();
      const manifest = source.manifest<{ after_restart: GoldenAnswers }>(version, "crash-ahead");
      await expectAnswers(storage, manifest.after_restart);
      await golden.close();
    },
  );

  test.runIf(source.has(version, "twoseg"))("twoseg: a log of two segments is one log", async () => {
    const golden = await boot("twoseg");
    const { storage } = await golden.lead();
    await expectAnswers(storage, source.manifest<{ summary: GoldenAnswers }>(version, "twoseg").summary);
    await golden.close();
  });

  test.runIf(source.has(version, "restore1"))("restore1: the members are those of the new cluster", async () => {
    const golden = await boot("restore1");
    const { storage } = await golden.lead();
    const manifest = source.manifest<{ after_start_restore1: GoldenAnswers }>(version, "restore");
    await expectAnswers(storage, manifest.after_start_restore1);
    await golden.close();
  });

  test.runIf(source.has(version, "restore-bump"))("restore-bump: the pending compaction is taken up", async () => {
    const golden = await boot("restore-bump");
    const { storage } = await golden.lead();
    await storage.whenCompacted();
    type Manifest = { after_start_restore_bump_1000000: GoldenAnswers };
    await expectAnswers(storage, source.manifest<Manifest>(version, "restore").after_start_restore_bump_1000000);
    expect(decimal(storage.machine.progress.confState?.voters ?? [])).toEqual(["15582762247457471935"]);
    await golden.close();
  });

  test.runIf(source.has(version, "restore3"))(
    "restore3: one of three knows its fellows and waits for them",
    async () => {
      const golden = await boot("restore3");
      const member = await golden.start();
      const { machine } = member.storage;
      const fellows = ["6514731981076465544", "15582762247457471935", "16253352542263237607"];
      expect(goldenMembers(member.storage).map(({ ID }) => ID)).toEqual(fellows);
      expect(decimal(member.raftStatus().config.voters)).toEqual(fellows);
      expect(machine.store.revision).toBe(382);
      expect(member.isLeader).toBe(false);
      await golden.close();
    },
  );

  const clustered = ["m1", "m2", "m3", "m4"].filter((name) => source.has(version, `cluster/${name}`));
  test.each(clustered)("cluster/%s: has the members, the removed one and the keys", async (name) => {
    const manifest = source.manifest<ClusterManifest>(version, "cluster/cluster");
    const golden = await boot(`cluster/${name}`, name);
    const member = await golden.start();
    const { storage } = member;
    expect(goldenMembers(storage)).toEqual(manifest.member_list.members);
    expect(decimal(member.raftStatus().config.voters)).toEqual(manifest.expected_conf_state.voters);
    expect(storage.machine.membership.removed()).toHaveLength(1);
    if (name === "m1") {
      await waitFor("the removed member to stop", () => golden.stopped?.kind === "removed", { intervalMs: 20 });
    } else {
      const answers = manifest.hashkv[name];
      const ours = await storage.hashKv(0);
      expect([ours.hash, ours.compactRevision]).toEqual([answers?.hash, answers?.compact_revision]);
      expect(keysAt(storage, 0)).toEqual(manifest.get.kvs);
    }
    await golden.close();
  });
});
