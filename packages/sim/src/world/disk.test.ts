import { describeDisk } from "@quorate/base/conformance";
import { describe, expect, test } from "vitest";
import { Dice } from "./dice.ts";
import { damage } from "./damage.ts";
import { SimDisk } from "./disk.ts";
import type { Directory } from "./disk-names.ts";
import { DiskPort } from "./disk-port.ts";
import { drive } from "./drive.ts";
import { FilePages } from "./pages.ts";
import { Kernel, Life } from "./kernel.ts";

const fast = { syncUs: 1, syncJitterUs: 0 };

/** Lets the events of a kernel happen as they come. */
function runAlways(kernel: Kernel): () => void {
  const timer = setInterval(() => {
    while (kernel.step());
  }, 1);
  return () => clearInterval(timer);
}

describeDisk("the simulated disk", () => {
  const kernel = new Kernel();
  const stop = runAlways(kernel);
  const disk = new DiskPort(new SimDisk(kernel, new Dice(1, "disk"), fast), new Life(0), () => 0);
  disk.makeDirectory("/under/test");
  return { disk, directory: "/under/test", remove: stop };
});

/** A disk with one file, some of it synced, some not, as `after` finds it. */
async function withFile(write: (port: DiskPort, disk: SimDisk) => Promise<void>): Promise<SimDisk> {
  const kernel = new Kernel();
  const disk = new SimDisk(kernel, new Dice(7, "disk"), fast);
  const life = new Life(0);
  let done = false;
  const written = write(new DiskPort(disk, life, () => 0), disk).then(() => {
    done = true;
  });
  await drive({ step: () => !done && kernel.step(), settle: () => undefined });
  await written;
  life.alive = false;
  return disk;
}

const read = (disk: SimDisk, path: string): number[] => {
  const file = new DiskPort(disk, new Life(0), () => 0).open(path, "read");
  const bytes = new Uint8Array(file.size());
  file.readAt(bytes, 0);
  return [...bytes];
};

const fill = (length: number, byte: number): Uint8Array => new Uint8Array(length).fill(byte);

describe("a power cut", () => {
  test("leaves what was synced, with its name, and takes the rest", async () => {
    const disk = await withFile(async (port) => {
      const file = port.open("/f", "create");
      file.writeAt(fill(3, 1), 0);
      await file.sync();
      await port.syncDirectory("/");
      file.writeAt(fill(3, 2), 1);
    });
    expect(read(disk, "/f")).toEqual([1, 2, 2, 2]);
    disk.crash("oldest");
    expect(read(disk, "/f")).toEqual([1, 1, 1]);
  });

  test("takes a name that was not synced", async () => {
    const disk = await withFile(async (port) => {
      const file = port.open("/f", "create");
      file.writeAt(fill(3, 1), 0);
      await file.sync();
    });
    disk.crash("oldest");
    expect(disk.names.find("/f")).toBeUndefined();
  });

  test("may keep some sectors of a write and lose others", async () => {
    const disk = await withFile(async (port) => {
      const file = port.open("/f", "create");
      file.writeAt(fill(64 * 512, 1), 0);
      await file.sync();
      await port.syncDirectory("/");
      file.writeAt(fill(64 * 512, 2), 0);
    });
    disk.crash("sectors");
    const bytes = read(disk, "/f");
    const sectors = Array.from({ length: 64 }, (_, i) => bytes.slice(i * 512, (i + 1) * 512));
    for (const sector of sectors) expect(new Set(sector).size).toBe(1);
    expect(new Set(sectors.map((sector) => sector[0])).size).toBe(2);
  });

  test("takes what a failed sync left in the cache, though a later sync succeeds", async () => {
    const disk = await withFile(async (port, disk) => {
      const file = port.open("/f", "create");
      file.writeAt(fill(2, 1), 0);
      await file.sync();
      await port.syncDirectory("/");
      file.writeAt(fill(2, 2), 0);
      disk.troubles.syncFailures = 1;
      await expect(file.sync()).rejects.toThrow("EIO");
      await file.sync();
    });
    expect(read(disk, "/f")).toEqual([2, 2]);
    disk.crash("oldest");
    expect(read(disk, "/f")).toEqual([1, 1]);
  });

  test("takes what a lying sync only claimed, until an honest one has written it", async () => {
    const write = async (port: DiskPort, disk: SimDisk, honest: boolean): Promise<void> => {
      const file = port.open("/f", "create");
      await file.sync();
      await port.syncDirectory("/");
      file.writeAt(fill(2, 2), 0);
      disk.troubles.lying = true;
      await file.sync();
      disk.troubles.lying = false;
      if (honest) await file.sync();
    };
    const lied = await withFile((port, disk) => write(port, disk, false));
    lied.crash("oldest");
    expect(read(lied, "/f")).toEqual([]);
    const synced = await withFile((port, disk) => write(port, disk, true));
    synced.crash("oldest");
    expect(read(synced, "/f")).toEqual([2, 2]);
  });

  test("keeps what was written before a sync began, not what came during it", async () => {
    const disk = await withFile(async (port) => {
      const file = port.open("/f", "create");
      await port.syncDirectory("/");
      file.writeAt(fill(2, 1), 0);
      const syncing = file.sync();
      file.writeAt(fill(2, 2), 0);
      await syncing;
    });
    expect(read(disk, "/f")).toEqual([2, 2]);
    disk.crash("oldest");
    expect(read(disk, "/f")).toEqual([1, 1]);
  });
});

describe("a fault of the disk", () => {
  test("lets so many reads fail, with the path", async () => {
    await withFile(async (port, disk) => {
      const file = port.open("/f", "create");
      file.writeAt(fill(3, 1), 0);
      disk.troubles.readFailures = 2;
      const bytes = new Uint8Array(3);
      expect(() => file.readAt(bytes, 0)).toThrow("read /f: EIO");
      expect(() => file.readAt(bytes, 0)).toThrow("read /f: EIO");
      expect(file.readAt(bytes, 0)).toBe(3);
    });
  });

  test("lies about the files of one directory alone", async () => {
    const disk = await withFile(async (port, disk) => {
      port.makeDirectory("/a");
      port.makeDirectory("/b");
      Object.assign(disk.troubles, { lying: true, liesUnder: "/a/" });
      for (const path of ["/a/f", "/b/f"]) {
        const file = port.open(path, "create");
        file.writeAt(fill(2, 1), 0);
        await file.sync();
      }
      for (const path of ["/", "/a", "/b"]) await port.syncDirectory(path);
    });
    disk.crash("oldest");
    expect(read(disk, "/a/f")).toEqual([]);
    expect(read(disk, "/b/f")).toEqual([1, 1]);
  });

  test("may keep in the end what it only claimed", async () => {
    const disk = await withFile(async (port, disk) => {
      const file = port.open("/f", "create");
      await port.syncDirectory("/");
      file.writeAt(fill(2, 1), 0);
      disk.troubles.lying = true;
      await file.sync();
    });
    disk.keepPromises();
    disk.crash("oldest");
    expect(read(disk, "/f")).toEqual([1, 1]);
  });

  test.each([
    [1, "before a sync is done takes what it was to write", []],
    [2, "before a sync is told leaves what it wrote", [1, 1]],
  ] as const)("strikes at step %i: a crash just %s", async (steps, _what, left) => {
    const disk = await withFile(async (port, disk) => {
      const file = port.open("/f", "create");
      await file.sync();
      await port.syncDirectory("/");
      file.writeAt(fill(2, 1), 0);
      disk.onStep = () => disk.crash("oldest");
      disk.troubles.syncStepsLeft = steps;
      await file.sync();
      disk.onStep = undefined;
    });
    expect(read(disk, "/f")).toEqual(left);
  });

  test("puts back a copy of everything as it was seen, all of it durable", async () => {
    let image: Directory | undefined;
    const disk = await withFile(async (port, disk) => {
      const file = port.open("/f", "create");
      file.writeAt(fill(2, 1), 0);
      image = disk.image();
      file.writeAt(fill(2, 2), 0);
      port.open("/g", "create");
    });
    disk.restore(image as Directory);
    disk.crash("oldest");
    expect(read(disk, "/f")).toEqual([1, 1]);
    expect(disk.names.find("/g")).toBeUndefined();
  });

  test("turns one bit of a file with checksums, and of no other", async () => {
    const disk = await withFile(async (port) => {
      port.open("/a.wal", "create").writeAt(fill(4096, 0), 0);
      port.open("/other", "create").writeAt(fill(4096, 0), 0);
    });
    expect(damage(disk, new Dice(3, "damage"), "bit")).toMatch(/^\/a.wal, bit \d of byte \d+$/);
    const ones = read(disk, "/a.wal").filter((byte) => byte !== 0);
    expect(ones).toHaveLength(1);
    expect(Math.log2(ones[0] as number) % 1).toBe(0);
    expect(read(disk, "/other").every((byte) => byte === 0)).toBe(true);
  });

  test("puts a sector in the place of another one", async () => {
    const disk = await withFile(async (port) => {
      const file = port.open("/a.wal", "create");
      for (let sector = 0; sector < 8; sector++) file.writeAt(fill(512, sector + 1), sector * 512);
    });
    const dice = new Dice(4, "damage");
    expect(damage(disk, dice, "sector")).toContain("of /a.wal lies at");
    const bytes = read(disk, "/a.wal");
    const sectors = Array.from({ length: 8 }, (_, i) => bytes[i * 512]);
    expect(new Set(sectors).size).toBe(7);
  });
});

test("a process that was killed leaves what it wrote in the cache, and cannot write any more", async () => {
  let late: (() => void) | undefined;
  const disk = await withFile(async (port) => {
    const file = port.open("/f", "create");
    file.writeAt(fill(2, 1), 0);
    late = () => file.writeAt(fill(2, 2), 0);
  });
  expect(() => late?.()).toThrow("after the end");
  expect(read(disk, "/f")).toEqual([1, 1]);
});

test("no bit turns over behind the end of a file, where a file that grows later would show it", () => {
  const pages = new FilePages();
  pages.write(fill(100, 1), 0);
  expect(pages.flip(100, 3)).toBe(false);
  expect(pages.flip(99, 3)).toBe(true);
  pages.resize(200);
  const seen = new Uint8Array(200);
  pages.read(seen, 0);
  expect([...seen.subarray(99, 102)]).toEqual([9, 0, 0]);
});
