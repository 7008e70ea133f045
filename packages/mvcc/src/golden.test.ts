import { silentLogger } from "@quorate/base";
import { describe, expect, test } from "vitest";
import { decodeKeyValue, encodeKeyValue, type HashJob, MvccStore, noLease, type RevisionRefusal } from "./index.ts";
import {
  type GoldenDb,
  type GoldenHash,
  type GoldenStage,
  goldenFolders,
  loadDb,
  readBumped,
  readJson,
  readMaybe,
} from "./testing/golden.ts";

const bytes = (text: string): Uint8Array => new Uint8Array(Buffer.from(text));
const all = { key: bytes("\0"), rangeEnd: bytes("\0") };

function open(db: GoldenDb): MvccStore {
  const store = new MvccStore(db.rows, db.meta, { logger: silentLogger, hashCompactions: true });
  const job = store.restore();
  while (!job.step(50));
  return store;
}

function compacted(store: MvccStore): MvccStore {
  while (store.stepCompaction(7) !== "idle");
  return store;
}

function hashOf(job: HashJob | RevisionRefusal): unknown {
  if (!("step" in job)) return { refused: job.kind };
  let hash = job.step(40);
  while (hash === undefined) hash = job.step(40);
  return { hash: hash.hash, compact: hash.compactRevision };
}

function wanted(answer: GoldenHash): unknown {
  if (answer.error === undefined) return { hash: answer.hash, compact: answer.compact_revision };
  return { refused: answer.error.includes("compacted") ? "compacted" : "future" };
}

/**
 * Compares with what etcd answered at a stage.
 *
 * @param lived whether the store went through the compaction itself, and so took its hash.
 */
function compareHashes(store: MvccStore, version: string, stage: GoldenStage, lived: boolean): number {
  let compared = 0;
  for (const answer of stage.hashkv) {
    // etcd before 3.4.27 refuses the compact revision itself; the others answer it with the compaction's hash.
    const atCompact = answer.rev === store.compactRevision;
    if (atCompact && (version === "3.4" || !lived)) continue;
    expect({ rev: answer.rev, ...(hashOf(store.hashByRev(answer.rev)) as object) }).toEqual({
      rev: answer.rev,
      ...(wanted(answer) as object),
    });
    compared += 1;
  }
  return compared;
}

const listed = (db: GoldenDb): string[] =>
  db.rows.all.map((row) => `${Buffer.from(row.key).toString("hex")} ${Buffer.from(row.value).toString("hex")}`);

describe.each(goldenFolders)("data of real etcd in $name", (folder) => {
  const stagesOf = (version: string): readonly GoldenStage[] =>
    (readJson(folder, `etcd-${version}/single.manifest.json`) as { stages: GoldenStage[] }).stages;

  const snapshotOf = (version: string, stage: GoldenStage): GoldenDb | undefined => {
    const file = readMaybe(folder, `etcd-${version}/${stage.snapshot_file}`);
    return file === undefined ? undefined : loadDb(file);
  };

  for (const version of folder.versions) {
    test(`${version}: backups answer HashKV and ranges as the server that made them`, () => {
      let compared = 0;
      let ranges = 0;
      for (const stage of stagesOf(version)) {
        const db = snapshotOf(version, stage);
        if (db === undefined) continue;
        const store = compacted(open(db));
        expect(store.revision).toBe(stage.revision);
        compared += compareHashes(store, version, stage, false);
        for (const get of stage.get) {
          const outcome = store.range({ ...all, revision: get.rev });
          if (outcome.kind !== "ok") throw new Error(outcome.kind);
          expect(outcome.count).toBe(get.response.count);
          expect(outcome.rows.map((row) => shown(row))).toEqual(
            (get.response.kvs ?? []).map((kv) => [
              kv.key,
              kv.create_revision,
              kv.mod_revision,
              kv.version,
              kv.value ?? "",
              kv.lease ?? "0",
            ]),
          );
          ranges += 1;
        }
      }
      expect(compared).toBeGreaterThan(20);
      expect(ranges).toBeGreaterThan(version === "3.4" ? 10 : 0);
    });

    test(`${version}: the same life gives the same rows and hashes`, () => {
      const stages = stagesOf(version);
      const stage = (name: string): GoldenStage => stages.find((one) => one.name.startsWith(name)) as GoldenStage;
      const db = snapshotOf(version, stage("stage1")) as GoldenDb;
      const store = open(db);
      // 3.4.23 drops a tombstone exactly at the compaction; later releases and we keep it one compaction longer.
      const sameRows = (name: string): void => {
        const theirs = snapshotOf(version, stage(name));
        if (theirs !== undefined && version !== "3.4") expect(listed(db)).toEqual(listed(theirs));
      };
      const put = (key: string, value: string): void => {
        const txn = store.begin();
        txn.put(bytes(key), bytes(value), noLease);
        txn.end();
      };
      compareHashes(store, version, stage("stage1"), true);
      expect(store.compact(6).kind).toBe("ok");
      compareHashes(compacted(store), version, stage("stage2"), true);
      sameRows("stage2");
      expect(store.compact(308).kind).toBe("ok");
      compareHashes(compacted(store), version, stage("stage3"), true);
      put("zz-tomb", "1");
      const txn = store.begin();
      expect(txn.deleteRange(bytes("zz-tomb")).length).toBe(1);
      txn.end();
      expect(store.compact(350).kind).toBe("ok");
      compareHashes(compacted(store), version, stage("stage4"), true);
      sameRows("stage4");
      put("after-auth", "1");
      for (let i = 0; i < 30; i++) put(`tail/${String(i).padStart(2, "0")}`, `t${i}`);
      put("after-defrag", "1");
      compareHashes(store, version, stage("final"), true);
      sameRows("final");
      expect(compareHashes(open(db), version, stage("final"), false)).toBeGreaterThan(3);
    });

    test(`${version}: every row encodes to the same bytes again`, () => {
      const db = snapshotOf(version, stagesOf(version)[0] as GoldenStage) as GoldenDb;
      let puts = 0;
      for (const { key, value } of db.rows.all) {
        const kv = decodeKeyValue(value);
        if (key.length !== 17) continue;
        const again = encodeKeyValue(kv.key, kv.createRevision, kv.modRevision, kv.version, kv.value, kv.lease);
        expect(Buffer.from(again).toString("hex")).toBe(Buffer.from(value).toString("hex"));
        puts += 1;
      }
      expect(puts).toBeGreaterThan(300);
    });
  }

  // 3.4 has no such option.
  for (const version of folder.versions.filter((one) => one !== "3.4")) {
    test(`${version}: a restore with bumped revision finishes its compaction`, () => {
      const manifest = readJson(folder, `etcd-${version}/restore.manifest.json`) as {
        after_start_restore_bump_1000000: { hashkv: { HashKV: { hash: number; compact_revision: number } }[] };
      };
      const db = loadDb(readBumped(folder, version));
      const store = open(db);
      expect([store.revision, store.compactRevision, store.compacting]).toEqual([1_000_382, 1_000_382, true]);
      const answer = manifest.after_start_restore_bump_1000000.hashkv[0]?.HashKV;
      const want = { hash: answer?.hash, compact: answer?.compact_revision };
      expect(hashOf(store.hashByRev(0))).toEqual(want);
      expect(hashOf(compacted(store).hashByRev(0))).toEqual(want);
      expect(store.range({ ...all, countOnly: true })).toMatchObject({ count: 281 });
    });
  }
});

function shown(row: Uint8Array): unknown {
  const kv = decodeKeyValue(row);
  const base64 = (data: Uint8Array): string => Buffer.from(data).toString("base64");
  return [base64(kv.key), kv.createRevision, kv.modRevision, kv.version, base64(kv.value), kv.lease.toString()];
}
