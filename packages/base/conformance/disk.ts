/** What every `Disk` does, whether it lies in memory or under `node:fs`. */
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { type Disk, DiskError } from "../src/index.ts";

/** Makes a disk and names an empty directory on it, for one test. */
export interface DiskUnderTest {
  readonly disk: Disk;
  readonly directory: string;
  remove(): void;
}

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

function codeOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(DiskError);
    return (error as DiskError).code;
  }
  return "none";
}

/** Runs the suite against disks made by `make`. */
export function describeDisk(name: string, make: () => DiskUnderTest): void {
  describe(`${name} as a disk`, () => {
    let under: DiskUnderTest;
    let disk: Disk;
    let at: (path: string) => string;

    beforeEach(() => {
      under = make();
      disk = under.disk;
      at = (path) => `${under.directory}/${path}`;
    });
    afterEach(() => under.remove());

    function contentOf(path: string): number[] {
      const file = disk.open(path, "read");
      const target = new Uint8Array(file.size());
      expect(file.readAt(target, 0)).toBe(target.length);
      file.close();
      return [...target];
    }

    function make1(path: string, content: Uint8Array): void {
      const file = disk.open(path, "create");
      file.writeAt(content, 0);
      file.close();
    }

    describe("files", () => {
      test("read back what was written, at any position", async () => {
        const file = disk.open(at("f"), "create");
        file.writeAt(bytes(1, 2, 3, 4), 0);
        file.writeAt(bytes(9), 2);
        await file.writeAllAt([bytes(5), bytes(), bytes(6, 7)], 4);
        expect(file.size()).toBe(7);
        const target = new Uint8Array(4);
        expect(file.readAt(target, 2)).toBe(4);
        expect([...target]).toEqual([9, 4, 5, 6]);
        file.close();
        expect(contentOf(at("f"))).toEqual([1, 2, 9, 4, 5, 6, 7]);
      });

      test("read short only at their end", () => {
        const file = disk.open(at("f"), "create");
        file.writeAt(bytes(1, 2, 3), 0);
        const target = new Uint8Array(5).fill(8);
        expect(file.readAt(target, 1)).toBe(2);
        expect([...target]).toEqual([2, 3, 8, 8, 8]);
        expect(file.readAt(target, 3)).toBe(0);
        expect(file.readAt(target, 100)).toBe(0);
        file.close();
      });

      test("do not keep the caller's buffer", () => {
        const file = disk.open(at("f"), "create");
        const buffer = bytes(1, 2);
        file.writeAt(buffer, 0);
        buffer.fill(7);
        file.close();
        expect(contentOf(at("f"))).toEqual([1, 2]);
      });

      test("take many parts in one write", async () => {
        const file = disk.open(at("f"), "create");
        const parts = Array.from({ length: 3000 }, (_, i) => bytes(i % 256, (i >> 8) % 256));
        await file.writeAllAt(parts, 5);
        expect(file.size()).toBe(6005);
        const target = new Uint8Array(2);
        file.readAt(target, 5 + 2 * 2999);
        expect([...target]).toEqual([2999 % 256, 2999 >> 8]);
        file.close();
      });

      test("read holes as zeros, and what comes back after a cut too", () => {
        const file = disk.open(at("f"), "create");
        file.writeAt(bytes(1, 1, 1, 1), 6000);
        file.truncate(6002);
        file.truncate(6004);
        const target = new Uint8Array(6);
        file.readAt(target, 5998);
        expect([...target]).toEqual([0, 0, 1, 1, 0, 0]);
        file.close();
      });

      test("are extended by allocation with zeros, and never cut or overwritten by it", async () => {
        const file = disk.open(at("f"), "create");
        file.writeAt(bytes(1, 2, 3), 0);
        await file.allocate(10_000);
        expect(file.size()).toBe(10_000);
        await file.allocate(5);
        expect(file.size()).toBe(10_000);
        const target = new Uint8Array(10_000);
        file.readAt(target, 0);
        expect([...target.subarray(0, 4)]).toEqual([1, 2, 3, 0]);
        expect(target.subarray(3).every((b) => b === 0)).toBe(true);
        file.close();
      });

      test("sync, also twice at once", async () => {
        const file = disk.open(at("f"), "create");
        file.writeAt(bytes(1), 0);
        const first = file.sync();
        file.writeAt(bytes(2), 1);
        await Promise.all([first, file.sync()]);
        file.close();
        expect(contentOf(at("f"))).toEqual([1, 2]);
      });

      test("opened for reading refuse writes", () => {
        make1(at("f"), bytes(1));
        const file = disk.open(at("f"), "read");
        expect(codeOf(() => file.writeAt(bytes(2), 0))).toBe("EBADF");
        file.close();
        expect(contentOf(at("f"))).toEqual([1]);
      });

      test("refuse everything after they were closed", () => {
        const file = disk.open(at("f"), "create");
        file.close();
        expect(codeOf(() => file.size())).toBe("EBADF");
        expect(codeOf(() => file.readAt(new Uint8Array(1), 0))).toBe("EBADF");
        expect(codeOf(() => file.writeAt(bytes(1), 0))).toBe("EBADF");
        expect(() => file.close()).not.toThrow();
      });
    });

    describe("opening", () => {
      test("distinguishes files that are there from files that are not", () => {
        expect(codeOf(() => disk.open(at("f"), "read"))).toBe("ENOENT");
        expect(codeOf(() => disk.open(at("f"), "write"))).toBe("ENOENT");
        make1(at("f"), bytes(1, 2));
        expect(codeOf(() => disk.open(at("f"), "createNew"))).toBe("EEXIST");
        disk.open(at("f"), "create").close();
        expect(contentOf(at("f"))).toEqual([1, 2]);
        expect(codeOf(() => disk.open(at("none/f"), "create"))).toBe("ENOENT");
      });

      test("gives new files the mode asked for, 0600 unless told", () => {
        disk.open(at("f"), "create").close();
        disk.open(at("g"), "createNew", 0o640).close();
        expect(disk.info(at("f"))?.mode).toBe(0o600);
        expect(disk.info(at("g"))?.mode).toBe(0o640);
      });

      test("names operation and path in its error", () => {
        expect(() => disk.open(at("f"), "read")).toThrow(`open ${at("f")}: ENOENT`);
      });
    });

    describe("directories", () => {
      test("are made with their parents, and left alone when there", () => {
        disk.makeDirectory(at("a/b/c"));
        make1(at("a/b/f"), bytes(1));
        disk.makeDirectory(at("a/b"), 0o755);
        expect(disk.info(at("a/b"))).toMatchObject({ kind: "directory", mode: 0o700 });
        expect(contentOf(at("a/b/f"))).toEqual([1]);
        expect(codeOf(() => disk.makeDirectory(at("a/b/f/g")))).toBe("ENOTDIR");
      });

      test("list their names in order", () => {
        for (const name of ["b", "B", "a", "10", "9"]) make1(at(name), bytes());
        disk.makeDirectory(at("d"));
        expect(disk.list(under.directory)).toEqual(["10", "9", "B", "a", "b", "d"]);
        expect(codeOf(() => disk.list(at("none")))).toBe("ENOENT");
      });

      test("tell what is there and what is not", () => {
        make1(at("f"), bytes(1, 2, 3));
        expect(disk.info(at("f"))).toMatchObject({ kind: "file", size: 3 });
        expect(disk.info(at("g"))).toBeUndefined();
        expect(disk.info(at("f/g"))).toBeUndefined();
      });

      test("sync", async () => {
        make1(at("f"), bytes(1));
        await disk.syncDirectory(under.directory);
        await expect(disk.syncDirectory(at("none"))).rejects.toThrow("ENOENT");
      });
    });

    describe("names", () => {
      test("move over others, and open files stay usable", () => {
        make1(at("old"), bytes(1));
        const file = disk.open(at("new"), "create");
        file.writeAt(bytes(2, 2), 0);
        disk.rename(at("new"), at("old"));
        file.writeAt(bytes(3), 1);
        file.close();
        expect(contentOf(at("old"))).toEqual([2, 3]);
        expect(disk.info(at("new"))).toBeUndefined();
        expect(codeOf(() => disk.rename(at("new"), at("x")))).toBe("ENOENT");
      });

      test("move directories with all they hold, over empty ones only", () => {
        disk.makeDirectory(at("d/e"));
        make1(at("d/e/f"), bytes(1));
        disk.makeDirectory(at("empty"));
        disk.rename(at("d"), at("empty"));
        expect(contentOf(at("empty/e/f"))).toEqual([1]);
        disk.makeDirectory(at("g"));
        expect(codeOf(() => disk.rename(at("g"), at("empty")))).toBe("ENOTEMPTY");
      });

      test("go away, also when they are not there", () => {
        make1(at("f"), bytes(1));
        disk.makeDirectory(at("d/e"));
        make1(at("d/e/f"), bytes(1));
        disk.remove(at("f"));
        disk.remove(at("f"));
        disk.removeTree(at("d"));
        disk.removeTree(at("d"));
        expect(disk.list(under.directory)).toEqual([]);
      });

      test("go away while the file is open, large or not, and a missing one is no error", async () => {
        const file = disk.open(at("f"), "create");
        file.writeAt(new Uint8Array(100_000), 0);
        await disk.removeLarge(at("f"));
        expect(disk.info(at("f"))).toBeUndefined();
        expect(file.size()).toBe(100_000);
        file.close();
        await disk.removeLarge(at("f"));
      });

      test("go away while the file is open, which stays usable", () => {
        const file = disk.open(at("f"), "create");
        disk.remove(at("f"));
        file.writeAt(bytes(1), 0);
        expect(file.size()).toBe(1);
        file.close();
      });
    });

    describe("locks", () => {
      test("exclude another holder until they are released", async () => {
        const first = disk.open(at("f"), "create");
        const second = disk.open(at("f"), "write");
        const lock = await disk.lock(first);
        expect(lock).toBeDefined();
        expect(await disk.lock(second)).toBeUndefined();
        lock?.release();
        const again = await disk.lock(second);
        expect(again).toBeDefined();
        first.close();
        second.close();
      });

      test("end when the file is closed", async () => {
        const first = disk.open(at("f"), "create");
        expect(await disk.lock(first)).toBeDefined();
        first.close();
        const second = disk.open(at("f"), "write");
        expect(await disk.lock(second)).toBeDefined();
        second.close();
      });

      test("of a directory exclude another holder, under each of its names, until they are released", async () => {
        disk.makeDirectory(at("d"));
        const lock = await disk.lockDirectory(at("d"));
        expect(lock).toBeDefined();
        expect(await disk.lockDirectory(at("d"))).toBeUndefined();
        disk.rename(at("d"), at("e"));
        expect(await disk.lockDirectory(at("e"))).toBeUndefined();
        lock?.release();
        lock?.release();
        const again = await disk.lockDirectory(at("e"));
        expect(again).toBeDefined();
        lock?.release();
        expect(await disk.lockDirectory(at("e"))).toBeUndefined();
        again?.release();
      });

      test("of a directory that is not there fail", async () => {
        await expect((async () => disk.lockDirectory(at("d")))()).rejects.toMatchObject({ code: "ENOENT" });
      });

      test("belong to the file, not to its name", async () => {
        const first = disk.open(at("f"), "create");
        await disk.lock(first);
        disk.rename(at("f"), at("g"));
        const other = disk.open(at("f"), "create");
        expect(await disk.lock(other)).toBeDefined();
        const same = disk.open(at("g"), "write");
        expect(await disk.lock(same)).toBeUndefined();
        for (const file of [first, other, same]) file.close();
      });
    });
  });
}
