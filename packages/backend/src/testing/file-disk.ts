import * as fs from "node:fs";
import type { Disk, DiskFile, OpenMode } from "@quorate/base";

const flags: Record<OpenMode, string> = { read: "r", write: "r+", create: "a+", createNew: "wx+" };

/** A bare disk over real files, for measurements. Locks are granted to everybody. */
export class FileDisk implements Disk {
  open(path: string, how: OpenMode, mode = 0o600): DiskFile {
    const fd = fs.openSync(path, flags[how], mode);
    return {
      path,
      size: () => fs.fstatSync(fd).size,
      readAt: (target, position) => fs.readSync(fd, target, 0, target.length, position),
      writeAt: (bytes, position) => void fs.writeSync(fd, bytes, 0, bytes.length, position),
      writeAllAt: async (parts, position) => void fs.writevSync(fd, parts as Uint8Array[], position),
      sync: () =>
        new Promise((resolve, reject) =>
          fs.fdatasync(fd, (error) => (error === null ? resolve() : reject(error as Error))),
        ),
      truncate: (size) => fs.ftruncateSync(fd, size),
      allocate: async (size) => fs.ftruncateSync(fd, size),
      close: () => fs.closeSync(fd),
    };
  }

  info(path: string): { kind: "file"; size: number; mode: number; modifiedMs: number } | undefined {
    const stat = fs.statSync(path, { throwIfNoEntry: false });
    return stat === undefined
      ? undefined
      : { kind: "file", size: stat.size, mode: stat.mode & 0o777, modifiedMs: stat.mtimeMs };
  }

  list(path: string): string[] {
    return fs.readdirSync(path).sort();
  }

  makeDirectory(path: string): void {
    fs.mkdirSync(path, { recursive: true });
  }

  rename(from: string, to: string): void {
    fs.renameSync(from, to);
  }

  remove(path: string): void {
    fs.rmSync(path, { force: true });
  }

  async removeLarge(path: string): Promise<void> {
    this.remove(path);
  }

  removeTree(path: string): void {
    fs.rmSync(path, { recursive: true, force: true });
  }

  async syncDirectory(): Promise<void> {}

  async lock(): Promise<{ release(): void }> {
    return { release: () => undefined };
  }

  lockDirectory(): Promise<{ release(): void }> {
    return this.lock();
  }
}
