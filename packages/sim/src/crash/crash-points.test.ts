import { describe, expect, test } from "vitest";
import { sectorBytes } from "@quorate/base";
import { CrashPoints, type Kept } from "./crash-points.ts";
import { DiskImage } from "./disk-image.ts";
import { fatesAt, keptBy } from "./fates.ts";
import { RecordingDisk } from "./recording-disk.ts";

const bytes = (length: number, value: number): Uint8Array => new Uint8Array(length).fill(value);

function afterAll(disk: RecordingDisk): CrashPoints {
  const points = new CrashPoints(DiskImage.empty(), disk.journal);
  while (points.advance());
  return points;
}

/** One value per sector of `/f`. */
function sectors(points: CrashPoints, kept: Kept): number[] | undefined {
  const content = points.image(kept).fileAt("/f")?.bytes();
  if (content === undefined) return undefined;
  return Array.from({ length: Math.ceil(content.length / sectorBytes) }, (_, i) => content[i * sectorBytes] as number);
}

describe("the images of a crash", () => {
  test("hold what was synced, a name only when its directory was", async () => {
    const disk = new RecordingDisk(DiskImage.empty());
    const file = disk.open("/f", "create");
    file.writeAt(bytes(512, 1), 0);
    await file.sync();
    expect(sectors(afterAll(disk), keptBy("none"))).toBeUndefined();
    await disk.syncDirectory("/");
    expect(sectors(afterAll(disk), keptBy("none"))).toEqual([1]);
    file.writeAt(bytes(512, 2), 512);
    expect(sectors(afterAll(disk), keptBy("none"))).toEqual([1]);
    expect(sectors(afterAll(disk), keptBy("all"))).toEqual([1, 2]);
  });

  test("hold any of the sectors that were not synced", async () => {
    const disk = new RecordingDisk(DiskImage.empty());
    const file = disk.open("/f", "create");
    await disk.syncDirectory("/");
    file.writeAt(bytes(3 * 512, 1), 0);
    file.writeAt(bytes(512, 2), 3 * 512);
    const points = afterAll(disk);
    expect(sectors(points, keptBy("lose:0.1"))).toEqual([1, 0, 1, 2]);
    expect(sectors(points, keptBy("only:1"))).toEqual([0, 0, 0, 2]);
    expect(sectors(points, keptBy("torn:0.2"))).toEqual([1, 1]);
    expect(sectors(points, keptBy("first:1"))).toEqual([1, 1, 1]);
  });

  test("never hold half of a sector: a later write of one brings what earlier ones put into it", async () => {
    const disk = new RecordingDisk(DiskImage.empty());
    const file = disk.open("/f", "create");
    await disk.syncDirectory("/");
    file.writeAt(bytes(100, 1), 0);
    file.writeAt(bytes(100, 2), 100);
    const content = afterAll(disk).image(keptBy("lose:0")).fileAt("/f")?.bytes();
    expect([...(content ?? [])]).toEqual([...bytes(100, 1), ...bytes(100, 2)]);
  });

  test("do not hold what was written while the sync was under way, unless it got there", async () => {
    let finish = (): void => undefined;
    const disk = new RecordingDisk(DiskImage.empty(), {
      syncDelay: () =>
        new Promise<void>((resolve) => {
          finish = resolve;
        }),
    });
    const file = disk.open("/f", "create");
    const named = disk.syncDirectory("/");
    finish();
    await named;
    file.writeAt(bytes(512, 1), 0);
    const synced = file.sync();
    file.writeAt(bytes(512, 2), 512);
    finish();
    await synced;
    expect(sectors(afterAll(disk), keptBy("none"))).toEqual([1]);
  });

  test("keep a rename's two names together", async () => {
    const disk = new RecordingDisk(DiskImage.empty());
    disk.makeDirectory("/d");
    disk.open("/d/a", "create").close();
    await disk.syncDirectory("/");
    await disk.syncDirectory("/d");
    disk.rename("/d/a", "/d/b");
    expect(afterAll(disk).image(keptBy("none")).files()).toEqual(["/d/a"]);
    expect(afterAll(disk).image(keptBy("all")).files()).toEqual(["/d/b"]);
  });

  test("have the same key exactly when the same operations reached the disk", async () => {
    const disk = new RecordingDisk(DiskImage.empty());
    const file = disk.open("/f", "create");
    await disk.syncDirectory("/");
    file.writeAt(bytes(1024, 1), 0);
    const before = afterAll(disk).key(keptBy("all"));
    file.writeAt(bytes(512, 2), 1024);
    const points = afterAll(disk);
    expect(points.key(keptBy("lose:1"))).toBe(before);
    const keys = new Set(["all", "none", "lose:1", "only:1", "lose:0.0", "lose:0.1"].map((f) => points.key(keptBy(f))));
    expect(keys.size).toBe(6);
    await file.sync();
    expect(afterAll(disk).key(keptBy("none"))).toBe(points.key(keptBy("all")));
  });

  test("are named by texts that give the same image again, and other texts are refused", async () => {
    const disk = new RecordingDisk(DiskImage.empty());
    const file = disk.open("/f", "create");
    file.writeAt(bytes(2048, 1), 0);
    file.truncate(4096);
    const points = afterAll(disk);
    const fates = fatesAt(points, { pairs: 10, sectors: 10, random: 3 }, 1);
    expect(new Set(fates).size).toBe(fates.length);
    for (const fate of fates) expect(points.key(keptBy(fate))).toBe(points.key(keptBy(fate)));
    expect(() => keptBy("some")).toThrow("not the name of a fate");
    expect(() => keptBy("lose:x")).toThrow("not the name of a fate");
  });

  test("after a kill still lose what the first process did not sync", async () => {
    const first = new RecordingDisk(DiskImage.empty());
    const file = first.open("/f", "create");
    file.writeAt(bytes(512, 1), 0);
    const second = RecordingDisk.afterKill(DiskImage.empty(), first.journal);
    expect(second.info("/f")?.size).toBe(512);
    await second.open("/f", "write").sync();
    expect(sectors(afterAll(second), keptBy("none"))).toBeUndefined();
    await second.syncDirectory("/");
    expect(sectors(afterAll(second), keptBy("none"))).toEqual([1]);
  });
});
