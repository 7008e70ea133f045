import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { crc32cUpdate, type Disk, SeededRandom, toHex, utf8Decode } from "@quorate/base";
import type { MemoryDisk } from "@quorate/base/testing";
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { bytes, contentOf, newDisk, path, testOptions } from "./testing/harness.ts";
import {
  bboltCheck,
  bboltKeys,
  etcdutlStatus,
  fixture,
  goldenDatabase,
  goldenFolder,
  goldenSnapshot,
  haveBbolt,
  haveEtcdutl,
  haveGolden,
} from "./testing/real.ts";
import type { Reader } from "./types.ts";

const buckets = [
  "alarm",
  "auth",
  "authRoles",
  "authUsers",
  "cluster",
  "key",
  "lease",
  "members",
  "members_removed",
  "meta",
];

interface Status {
  readonly hash: number;
  readonly totalSize: number;
}

interface Manifest {
  readonly stages: readonly { readonly snapshot_file: string; readonly snapshot_status: Status }[];
}

/** etcd's hash of a whole database: names, keys and values in order. */
function statusHash(reader: Reader): number {
  let crc = 0;
  reader.forEachBucket((name, bucket) => {
    crc = crc32cUpdate(crc, name);
    reader.range(bucket, new Uint8Array(0), undefined, (key, value) => {
      crc = crc32cUpdate(crc32cUpdate(crc, key), value);
    });
  });
  return crc;
}

/** Adds rows at the end and in the middle, removes most of the old ones, and commits between. */
async function work(disk: Disk): Promise<string[]> {
  const backend = await Backend.open(disk, path, testOptions());
  const random = new SeededRandom(3);
  const key = backend.bucket(bytes("key"));
  for (let round = 0; round < 5; round++) {
    const old: Uint8Array[] = [];
    backend.batch.range(key, new Uint8Array(0), undefined, (row) => void old.push(row));
    for (const row of old) if (random.below(10) < 7) backend.batch.delete(key, row);
    for (let i = 0; i < 300; i++) {
      const row = bytes(`row ${random.below(100_000)}`);
      backend.batch.put(key, row, new Uint8Array(random.below(i === 0 ? 20_000 : 300)));
    }
    backend.batch.put(bytes("meta"), bytes("consistent_index"), Uint8Array.of(0, 0, 0, 0, 0, 0, 1, round));
    await backend.commit();
  }
  const left: string[] = [];
  backend.batch.range(key, new Uint8Array(0), undefined, (row) => void left.push(toHex(row)));
  await backend.close();
  return left;
}

async function expectSoundThroughWork(disk: MemoryDisk): Promise<void> {
  expect([...check(disk, path)]).toEqual([]);
  const left = await work(disk);
  expect([...check(disk, path)]).toEqual([]);
  if (!haveBbolt) return;
  expect(bboltCheck(contentOf(disk))).toContain("OK");
  expect(bboltKeys(contentOf(disk), "key")).toEqual(left);
}

describe("a database that etcd made", () => {
  test("is opened, and hashes as etcd says (3.7)", async () => {
    const disk = await newDisk(goldenSnapshot(fixture("etcd-3.7-final.snapshot.db.gz")));
    expect([...check(disk, path)]).toEqual([]);
    const backend = await Backend.open(disk, path, testOptions({ readOnly: true }));
    expect(statusHash(backend.batch)).toBe(3470377773);
    const names: string[] = [];
    backend.batch.forEachBucket((name) => names.push(utf8Decode(name)));
    expect(names).toEqual(buckets);
    await backend.close();
  });

  test("stays sound when it is changed (3.7)", async () => {
    const disk = await newDisk(goldenSnapshot(fixture("etcd-3.7-final.snapshot.db.gz")));
    await expectSoundThroughWork(disk);
  });

  test.runIf(haveEtcdutl)("that we changed and copied hashes for etcdutl as for us", async () => {
    const disk = await newDisk(goldenSnapshot(fixture("etcd-3.7-final.snapshot.db.gz")));
    await work(disk);
    const backend = await Backend.open(disk, path, testOptions());
    // etcdutl reads revisions from the keys of this bucket.
    backend.batch.deleteBucket(bytes("key"));
    const key = backend.batch.createBucket(bytes("key"));
    for (let i = 2; i < 3000; i++) {
      const row = new Uint8Array(17);
      row.set([i >>> 8, i & 0xff], 6);
      row[8] = 0x5f;
      backend.batch.put(key, row, Uint8Array.of(0x0a, 1, 0x41 + (i % 26), 0x2a, 2, 0x41, 0x42));
    }
    await backend.commit();
    const snapshot = backend.snapshot();
    const status = etcdutlStatus(Buffer.concat([...snapshot.chunks(65_536)]));
    expect(status.hash).toBe(statusHash(backend.batch));
    expect(status.totalSize).toBe(snapshot.size);
    snapshot.close();
    await backend.close();
  });

  describe.runIf(haveGolden).each(["3.4", "3.5", "3.6", "3.7"])("of version %s", (version) => {
    const folder = join(goldenFolder, `etcd-${version}`);

    test("hashes and measures at every stage as etcd says", async () => {
      const manifest = JSON.parse(readFileSync(join(folder, "single.manifest.json"), "utf8")) as Manifest;
      const suffix = version === "3.4" ? "" : ".gz";
      const stages = manifest.stages.filter((stage) => existsSync(join(folder, `${stage.snapshot_file}${suffix}`)));
      expect(stages.length).toBeGreaterThan(3);
      for (const stage of stages) {
        const disk = await newDisk(goldenSnapshot(join(folder, `${stage.snapshot_file}${suffix}`)));
        expect([...check(disk, path)]).toEqual([]);
        const backend = await Backend.open(disk, path, testOptions({ readOnly: true }));
        expect(statusHash(backend.batch)).toBe(stage.snapshot_status.hash);
        expect(backend.size()).toBe(stage.snapshot_status.totalSize);
        await backend.close();
      }
    });

    test.each(["single", "crash", "restore3", "cluster/m3", "cluster/m4"])(
      "from the data directory %s is sound before and after we write to it",
      async (name) => {
        const disk = await newDisk(goldenDatabase(join(folder, `${name}.data.tar.gz`)));
        await expectSoundThroughWork(disk);
      },
    );
  });

  test("has the rows that another program found in it (3.4)", async () => {
    const disk = await newDisk(goldenSnapshot(fixture("etcd-3.4-single.db.gz")));
    const expected = JSON.parse(gunzipSync(readFileSync(fixture("etcd-3.4-single.db.json.gz"))).toString()) as unknown;
    const backend = await Backend.open(disk, path, testOptions());
    const found: Record<string, [string, string][]> = {};
    backend.batch.forEachBucket((name, bucket) => {
      const rows: [string, string][] = [];
      backend.batch.range(bucket, new Uint8Array(0), undefined, (key, value) => {
        rows.push([toHex(key), toHex(value)]);
      });
      found[utf8Decode(name)] = rows;
    });
    expect(found).toEqual(expected);
    await backend.close();
  });

  test.each(["etcd-3.4-single", "etcd-3.6-crash", "etcd-3.6-restore3"])(
    "from a data directory is sound before and after we write to it (%s)",
    async (name) => {
      const disk = await newDisk(goldenSnapshot(fixture(`${name}.db.gz`)));
      await expectSoundThroughWork(disk);
    },
  );
});
