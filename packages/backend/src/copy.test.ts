import { AbortError, DiskError, toHex, utf8Decode } from "@quorate/base";
import { describe, expect, test } from "vitest";
import { Backend } from "./backend.ts";
import { check } from "./check.ts";
import { decodeMeta } from "./format.ts";
import { bytes, contentOf, newDisk, path, settle, testOptions } from "./testing/harness.ts";
import { bboltCheck, bboltKeys, haveBbolt } from "./testing/real.ts";
import type { Reader } from "./types.ts";

const key = bytes("key");

function rowsOf(reader: Reader): string[] {
  const rows: string[] = [];
  reader.range(key, new Uint8Array(0), undefined, (k, v) => void rows.push(`${toHex(k)}=${toHex(v)}`));
  return rows;
}

async function filled(disk: Awaited<ReturnType<typeof newDisk>>, rows: number): Promise<Backend> {
  const backend = await Backend.open(disk, path, testOptions());
  backend.batch.createBucket(key);
  for (let i = 0; i < rows; i++) backend.batch.put(key, bytes(`k${100_000 + i}`), new Uint8Array(100).fill(i));
  await backend.commit();
  return backend;
}

describe("a snapshot", () => {
  test("is a database as it was, however much is written while it is read", async () => {
    const disk = await newDisk();
    const backend = await filled(disk, 2000);
    const expected = rowsOf(backend.batch);
    const snapshot = backend.snapshot();
    const parts: Uint8Array[] = [];
    for (const chunk of snapshot.chunks(32 * 1024)) {
      expect(chunk.length).toBeLessThanOrEqual(32 * 1024);
      parts.push(chunk.slice());
      for (let i = 0; i < 2000; i += 50) backend.batch.put(key, bytes(`k${100_000 + i}`), new Uint8Array(200));
      await backend.commit();
    }
    expect(backend.openReads()).toBe(1);
    snapshot.close();
    expect(backend.openReads()).toBe(0);
    const copy = Buffer.concat(parts);
    expect(copy.length).toBe(snapshot.size);
    // Both metas show one transaction; the first page has the higher number whatever its parity.
    const first = decodeMeta(copy);
    const second = decodeMeta(copy, 4096);
    if (typeof first === "string" || typeof second === "string") throw new Error("a meta page is damaged");
    expect(first.txid).toBe(snapshot.txid);
    expect(second).toEqual({ ...first, txid: first.txid - 1 });
    const other = await newDisk(copy);
    expect([...check(other, path)]).toEqual([]);
    if (haveBbolt) expect(bboltCheck(copy)).toContain("OK");
    const opened = await Backend.open(other, path, testOptions());
    expect(rowsOf(opened.batch)).toEqual(expected);
    await opened.close();
    await backend.close();
  });

  test("shows what is durable, not what a commit is about to make so", async () => {
    let finish = (): void => undefined;
    let gated = false;
    const disk = await newDisk(undefined, {
      syncDelay: () =>
        gated
          ? new Promise<void>((resolve) => {
              finish = resolve;
            })
          : Promise.resolve(),
    });
    const backend = await filled(disk, 10);
    const expected = rowsOf(backend.batch);
    gated = true;
    backend.batch.put(key, bytes("later"), bytes("v"));
    const committed = backend.commit();
    const snapshot = backend.snapshot();
    const copy = Buffer.concat([...snapshot.chunks(1)]);
    snapshot.close();
    gated = false;
    finish();
    await committed;
    const opened = await Backend.open(await newDisk(copy), path, testOptions());
    expect(rowsOf(opened.batch)).toEqual(expected);
    await opened.close();
    await backend.close();
  });
});

describe("a defragmentation", () => {
  test("gives space back, and keeps every change that is made meanwhile", async () => {
    const disk = await newDisk();
    const backend = await filled(disk, 20_000);
    const nested = backend.batch.createBucket(bytes("inner"), backend.batch.createBucket(bytes("outer")));
    backend.batch.put(nested, bytes("n"), bytes("1"));
    for (let i = 0; i < 18_000; i++) backend.batch.delete(key, bytes(`k${100_000 + i}`));
    await backend.commit();
    const size = backend.size();
    const reader = backend.read();
    const before = rowsOf(reader);
    let hooks = 0;
    backend.onBeforeCommit = (tx) => tx.put(key, bytes("index"), bytes(`${++hooks}`));
    const done = backend.defragment();
    let finished = false;
    const ended = done.finally(() => {
      finished = true;
    });
    const commits: Promise<void>[] = [];
    for (let i = 0; !finished; i++) {
      backend.batch.put(key, bytes(`m${i}`), bytes("v"));
      if (i === 1) backend.batch.createBucket(bytes("made"));
      if (i === 2) backend.batch.put(bytes("made"), bytes("x"), bytes("y"));
      backend.batch.delete(key, bytes(`k${119_000 + i}`));
      if (i % 3 === 0) commits.push(backend.commit());
      await settle(1);
    }
    await Promise.all([ended, ...commits]);
    expect(backend.size()).toBeLessThan(size / 4);
    expect(disk.list("/data")).toEqual(["db"]);
    expect(backend.batch.get(key, bytes("m0"))).toEqual(bytes("v"));
    expect(backend.batch.get(key, bytes("k119000"))).toBeUndefined();
    expect(rowsOf(reader)).toEqual(before);
    reader.close();
    const rows = rowsOf(backend.batch);
    backend.onBeforeCommit = undefined;
    await backend.close();
    expect([...check(disk, path)]).toEqual([]);
    if (haveBbolt) {
      expect(bboltCheck(contentOf(disk))).toContain("OK");
      expect(bboltKeys(contentOf(disk), "outer", "inner")).toEqual(["6e"]);
    }
    const again = await Backend.open(disk, path, testOptions());
    expect(rowsOf(again.batch)).toEqual(rows);
    expect(utf8Decode(again.batch.get(bytes("made"), bytes("x")) as Uint8Array)).toBe("y");
    await again.close();
  });

  test("loses no commit that was acknowledged when the power fails at any step of it", async () => {
    for (let failAt = 0; ; failAt++) {
      let countdown = Number.POSITIVE_INFINITY;
      const disk = await newDisk(undefined, {
        before: ({ operation, path: name }) => {
          if (countdown-- <= 0) throw new DiskError(operation, name, "EIO");
        },
        syncDelay: () => settle(1),
      });
      const backend = await filled(disk, 300);
      const acknowledged: number[] = [];
      countdown = failAt;
      const done = backend.defragment();
      let ended: "done" | "failed" | undefined;
      done.then(
        () => (ended = "done"),
        () => (ended = "failed"),
      );
      for (let i = 0; ended === undefined; i++) {
        backend.batch.put(key, bytes(`m${i}`), bytes("v"));
        backend.commit().then(
          () => acknowledged.push(i),
          () => undefined,
        );
        await settle(1);
      }
      await settle();
      countdown = Number.POSITIVE_INFINITY;
      disk.crash();
      const again = await Backend.open(disk, path, testOptions());
      expect(again.batch.count(key)).toBeGreaterThanOrEqual(300 + acknowledged.length);
      for (const i of acknowledged) expect(again.batch.get(key, bytes(`m${i}`))).toBeDefined();
      await again.close();
      expect([...check(disk, path)]).toEqual([]);
      if (ended === "done") break;
      expect(failAt).toBeLessThan(500);
    }
  });

  test("acknowledges nothing that only the old file has when the files change places", async () => {
    const late: { write: () => void } = { write: () => undefined };
    const disk = await newDisk(undefined, {
      before: ({ operation, path: name }) => {
        if (operation === "rename" && name.includes("defragment") && !name.includes("create")) late.write();
      },
    });
    const backend = await filled(disk, 300);
    let committed: Promise<void> | undefined;
    late.write = () => {
      backend.batch.put(key, bytes("late"), bytes("v"));
      committed = backend.commit();
    };
    await backend.defragment();
    await committed;
    expect(committed).toBeDefined();
    disk.crash();
    const again = await Backend.open(disk, path, testOptions());
    expect(again.batch.get(key, bytes("late"))).toEqual(bytes("v"));
    await again.close();
  });

  test("that fails or is aborted leaves everything as it was", async () => {
    let full = false;
    const disk = await newDisk(undefined, {
      before: ({ operation, path: name }) => {
        if (full && operation === "write" && name.includes("defragment")) throw new DiskError("write", name, "ENOSPC");
      },
    });
    const backend = await filled(disk, 5000);
    const rows = rowsOf(backend.batch);
    full = true;
    await expect(backend.defragment()).rejects.toThrow("ENOSPC");
    full = false;
    const signal = { aborted: true, addEventListener: () => undefined, removeEventListener: () => undefined };
    await expect(backend.defragment({ signal })).rejects.toThrow(AbortError);
    expect(disk.list("/data")).toEqual(["db"]);
    expect(rowsOf(backend.batch)).toEqual(rows);
    const busy = backend.defragment();
    for (let i = 0; i <= 1_000_000; i++) backend.batch.put(key, bytes("k"), bytes("v"));
    await expect(busy).rejects.toThrow("/data/db: too much was written");
    await backend.commit();
    await backend.defragment();
    const closing = backend.defragment();
    const closed = backend.close();
    await expect(closing).rejects.toThrow(AbortError);
    await closed;
    expect([...check(disk, path)]).toEqual([]);
  });

  test("that is asked for when the database takes no more writes is refused, and nothing breaks (M34)", async () => {
    const disk = await newDisk();
    const backend = await filled(disk, 100);
    const ended = backend.endWrites();
    await expect(backend.defragment()).rejects.toThrow(AbortError);
    await ended;
    await expect(backend.defragment()).rejects.toThrow("the database is being closed or replaced");
    expect(disk.list("/data")).toEqual(["db"]);
    await backend.close();
  });
});
