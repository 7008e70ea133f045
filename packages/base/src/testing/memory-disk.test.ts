import { describe, expect, test } from "vitest";
import { describeDisk } from "../../conformance/disk.ts";
import { DiskError } from "../index.ts";
import { MemoryDisk } from "./memory-disk.ts";

describeDisk("MemoryDisk", () => {
  const disk = new MemoryDisk();
  disk.makeDirectory("/data/d", 0o700);
  return { disk, directory: "/data/d", remove: () => undefined };
});

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function contentOf(disk: MemoryDisk, path: string): number[] {
  const file = disk.open(path, "read");
  const target = new Uint8Array(file.size());
  file.readAt(target, 0);
  return [...target];
}

describe("a crash of MemoryDisk", () => {
  test("loses what was not synced, and keeps what was", async () => {
    const disk = new MemoryDisk();
    const file = disk.open("/f", "create");
    file.writeAt(bytes(1, 1), 0);
    await file.sync();
    await disk.syncDirectory("/");
    file.writeAt(bytes(2), 1);
    disk.crash();
    expect(contentOf(disk, "/f")).toEqual([1, 1]);
  });

  test("loses a synced file whose name was not", async () => {
    const disk = new MemoryDisk();
    const file = disk.open("/f", "create");
    file.writeAt(bytes(1), 0);
    await file.sync();
    disk.crash();
    expect(disk.info("/f")).toBeUndefined();
  });

  test("brings back the old name, both names of a rename together", async () => {
    const disk = new MemoryDisk();
    disk.makeDirectory("/a");
    disk.makeDirectory("/b");
    disk.open("/a/f", "create");
    await disk.syncDirectory("/");
    await disk.syncDirectory("/a");
    disk.rename("/a/f", "/b/g");
    disk.crash();
    expect(disk.list("/a")).toEqual(["f"]);
    expect(disk.list("/b")).toEqual([]);
    disk.rename("/a/f", "/b/g");
    await disk.syncDirectory("/b");
    disk.crash();
    expect(disk.list("/a")).toEqual([]);
    expect(disk.list("/b")).toEqual(["g"]);
  });

  test("keeps the chosen operations, a write also in part", async () => {
    const disk = new MemoryDisk();
    const file = disk.open("/f", "create");
    await disk.syncDirectory("/");
    file.writeAt(bytes(1, 1, 1), 0);
    file.writeAt(bytes(2, 2, 2), 3);
    file.writeAt(bytes(3), 6);
    disk.crash((o) => (o.kind === "write" && o.position === 3 ? 2 : o.kind === "write" && o.position === 0));
    expect(contentOf(disk, "/f")).toEqual([1, 1, 1, 2, 2]);
  });

  test("ends handles and locks", async () => {
    const disk = new MemoryDisk();
    const file = disk.open("/f", "create");
    await disk.lock(file);
    await file.sync();
    await disk.syncDirectory("/");
    disk.crash();
    expect(() => file.writeAt(bytes(1), 0)).toThrow(DiskError);
    expect(await disk.lock(disk.open("/f", "write"))).toBeDefined();
  });

  test("during a sync makes nothing durable, and the sync fails", async () => {
    let finish = (): void => undefined;
    const disk = new MemoryDisk({
      syncDelay: () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    });
    const file = disk.open("/f", "create");
    file.writeAt(bytes(1), 0);
    const pending = file.sync();
    disk.crash((o) => o.kind === "names");
    finish();
    await expect(pending).rejects.toThrow("EIO");
    expect(contentOf(disk, "/f")).toEqual([]);
  });

  test("keeps only what was written before the sync began", async () => {
    let finish = (): void => undefined;
    const disk = new MemoryDisk({
      syncDelay: () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    });
    const file = disk.open("/f", "create");
    file.writeAt(bytes(1), 0);
    const pending = file.sync();
    file.writeAt(bytes(2), 1);
    finish();
    await pending;
    disk.crash((o) => o.kind === "names");
    expect(contentOf(disk, "/f")).toEqual([1]);
  });
});

describe("the hook of MemoryDisk", () => {
  test("sees each step and may fail it", async () => {
    const steps: string[] = [];
    const disk = new MemoryDisk({
      before: ({ operation, path }) => {
        steps.push(`${operation} ${path}`);
        if (operation === "sync") throw new DiskError("sync", path, "EIO");
      },
    });
    const file = disk.open("/f", "create");
    file.writeAt(bytes(1), 0);
    await expect(file.sync()).rejects.toThrow("sync /f: EIO");
    expect(steps).toEqual(["create /f", "write /f", "sync /f"]);
  });
});
