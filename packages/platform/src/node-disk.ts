/** The `Disk` port on `node:fs`: reads and writes go to the page cache at once, syncs to Node's threads. */
import * as fs from "node:fs";
import { dirname } from "node:path";
import { type Disk, DiskError, type DiskFile, type FileInfo, type FileLock, type OpenMode } from "@quorate/base";
import { inheritedDescriptor, runOnDescriptor } from "./descriptor-command.ts";

/** Linux takes at most this many parts in one `writev`. */
const partsPerWriteMax = 1024;
const zeroChunkBytes = 1024 * 1024;
/** Zeros reach the disk in pieces of this size: the first sync of what is written over them must not wait for all of them. */
const zeroSyncBytes = 4 * 1024 * 1024;
/** A process that is larger starts no command where it can do without: forking it holds the loop for 40 µs per megabyte. */
const forkedBytesMax = 128 * 1024 * 1024;

const { O_CREAT, O_EXCL, O_RDONLY, O_RDWR } = fs.constants;
const openFlags: Readonly<Record<OpenMode, number>> = {
  read: O_RDONLY,
  write: O_RDWR,
  create: O_RDWR | O_CREAT,
  createNew: O_RDWR | O_CREAT | O_EXCL,
};

function diskError(operation: string, path: string, cause: unknown): DiskError {
  const code = (cause as NodeJS.ErrnoException | undefined)?.code;
  return new DiskError(operation, path, typeof code === "string" ? code : "EIO", { cause });
}

/** Runs a function of `node:fs` and gives its errors the port's form. */
function run<T>(operation: string, path: string, body: () => T): T {
  try {
    return body();
  } catch (error) {
    throw diskError(operation, path, error);
  }
}

export class NodeDisk implements Disk {
  open(path: string, how: OpenMode, mode = 0o600): DiskFile {
    return new NodeFile(
      path,
      run("open", path, () => fs.openSync(path, openFlags[how], mode)),
    );
  }

  info(path: string): FileInfo | undefined {
    let found: fs.Stats | undefined;
    try {
      found = fs.statSync(path, { throwIfNoEntry: false });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOTDIR") return undefined;
      throw diskError("info", path, error);
    }
    if (found === undefined) return undefined;
    const kind = found.isFile() ? "file" : found.isDirectory() ? "directory" : "other";
    return { kind, size: found.size, mode: found.mode & 0o7777, modifiedMs: found.mtimeMs };
  }

  list(path: string): string[] {
    return run("list", path, () => fs.readdirSync(path)).sort();
  }

  makeDirectory(path: string, mode = 0o700): void {
    run("makeDirectory", path, () => makeDirectories(path, mode));
  }

  rename(from: string, to: string): void {
    run("rename", from, () => fs.renameSync(from, to));
  }

  remove(path: string): void {
    try {
      fs.unlinkSync(path);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw diskError("remove", path, error);
    }
  }

  removeLarge(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.unlink(path, (error) => {
        if (error === null || error.code === "ENOENT") resolve();
        else reject(diskError("remove", path, error));
      });
    });
  }

  removeTree(path: string): void {
    run("removeTree", path, () => fs.rmSync(path, { recursive: true, force: true }));
  }

  syncDirectory(path: string): Promise<void> {
    return new Promise((resolve, reject) => {
      let descriptor: number;
      try {
        descriptor = fs.openSync(path, O_RDONLY);
      } catch (error) {
        reject(diskError("syncDirectory", path, error));
        return;
      }
      fs.fsync(descriptor, (error) => {
        fs.closeSync(descriptor);
        if (error === null) resolve();
        else reject(diskError("syncDirectory", path, error));
      });
    });
  }

  lock(file: DiskFile): Promise<FileLock | undefined> {
    if (!(file instanceof NodeFile)) return Promise.reject(new DiskError("lock", file.path, "EINVAL"));
    return file.lock();
  }

  async lockDirectory(path: string): Promise<FileLock | undefined> {
    const descriptor = run("lock", path, () => fs.openSync(path, O_RDONLY));
    if (!(await lockDescriptor(path, descriptor))) return undefined;
    let held = true;
    return {
      release: () => {
        if (held) fs.closeSync(descriptor);
        held = false;
      },
    };
  }
}

/**
 * Locks an opening through the `flock` command, which shares it with us, so that the lock stays when the command has
 * ended; only closing the opening ends it then.
 *
 * @returns false, after closing it, when another holder has the lock.
 */
async function lockDescriptor(path: string, descriptor: number): Promise<boolean> {
  const args = ["--exclusive", "--nonblock", "--conflict-exit-code", "75", String(inheritedDescriptor)];
  const result = await runOnDescriptor("flock", args, descriptor);
  if (result.code === 0) return true;
  fs.closeSync(descriptor);
  if (result.code === 75) return false;
  const cause = new Error(`the flock command failed (${result.code}): ${result.complaint.trim()}`);
  throw new DiskError("lock", path, "ENOLCK", { cause });
}

class NodeFile implements DiskFile {
  readonly path: string;
  /** -1 once closed. */
  #descriptor: number;
  /** The opening that holds the lock, -1 when there is none. */
  #lockDescriptor = -1;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  #use(operation: string): number {
    if (this.#descriptor < 0) throw new DiskError(operation, this.path, "EBADF");
    return this.#descriptor;
  }

  size(): number {
    const descriptor = this.#use("size");
    return run("size", this.path, () => fs.fstatSync(descriptor)).size;
  }

  readAt(target: Uint8Array, position: number): number {
    const descriptor = this.#use("read");
    try {
      let done = 0;
      while (done < target.length) {
        const count = fs.readSync(descriptor, target, done, target.length - done, position + done);
        if (count === 0) break;
        done += count;
      }
      return done;
    } catch (error) {
      throw diskError("read", this.path, error);
    }
  }

  writeAt(bytes: Uint8Array, position: number): void {
    const descriptor = this.#use("write");
    try {
      let done = 0;
      while (done < bytes.length) {
        done += fs.writeSync(descriptor, bytes, done, bytes.length - done, position + done);
      }
    } catch (error) {
      throw diskError("write", this.path, error);
    }
  }

  async writeAllAt(parts: readonly Uint8Array[], position: number): Promise<void> {
    let at = position;
    for (let from = 0; from < parts.length; from += partsPerWriteMax) {
      const group = parts.length <= partsPerWriteMax ? parts : parts.slice(from, from + partsPerWriteMax);
      let length = 0;
      for (const part of group) length += part.length;
      if (length === 0) continue;
      const written = await this.#writeSome(group, at);
      // The kernel wrote a part only, as on an almost full disk: the rest goes one by one.
      if (written < length) this.#writeRest(group, at, written);
      at += length;
    }
  }

  #writeSome(parts: readonly Uint8Array[], position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.writev(this.#use("write"), parts, position, (error, written) => {
        if (error === null) resolve(written);
        else reject(diskError("write", this.path, error));
      });
    });
  }

  #writeRest(parts: readonly Uint8Array[], position: number, written: number): void {
    let start = 0;
    for (const part of parts) {
      const skip = Math.min(part.length, Math.max(0, written - start));
      if (skip < part.length) this.writeAt(part.subarray(skip), position + start + skip);
      start += part.length;
    }
  }

  sync(): Promise<void> {
    return new Promise((resolve, reject) => {
      fs.fdatasync(this.#use("sync"), (error) => {
        if (error === null) resolve();
        else reject(diskError("sync", this.path, error));
      });
    });
  }

  truncate(size: number): void {
    const descriptor = this.#use("truncate");
    run("truncate", this.path, () => fs.ftruncateSync(descriptor, size));
  }

  async allocate(size: number): Promise<void> {
    const descriptor = this.#use("allocate");
    if (size === 0) return;
    if (process.memoryUsage.rss() > forkedBytesMax) return this.#writeZeros(size);
    const args = ["--length", String(size), `/proc/self/fd/${inheritedDescriptor}`];
    const result = await runOnDescriptor("fallocate", args, descriptor);
    if (result.code === 0) return;
    if (result.complaint.includes("No space left on device")) throw new DiskError("allocate", this.path, "ENOSPC");
    // No such command, or a file system without it: blocks that were written are there, too.
    await this.#writeZeros(size);
  }

  async #writeZeros(size: number): Promise<void> {
    const zeros = new Uint8Array(zeroChunkBytes);
    let synced = this.size();
    for (let at = synced; at < size; ) {
      at += await this.#writeAsync(zeros, Math.min(zeros.length, size - at), at);
      if (at - synced < zeroSyncBytes) continue;
      await this.sync();
      synced = at;
    }
  }

  #writeAsync(bytes: Uint8Array, length: number, position: number): Promise<number> {
    return new Promise((resolve, reject) => {
      fs.write(this.#use("allocate"), bytes, 0, length, position, (error, written) => {
        if (error === null) resolve(written);
        else reject(diskError("allocate", this.path, error));
      });
    });
  }

  /** Since only closing ends a lock, it gets an opening of its own. */
  async lock(): Promise<FileLock | undefined> {
    if (this.#lockDescriptor >= 0) return undefined;
    const descriptor = this.#openAgain();
    if (!(await lockDescriptor(this.path, descriptor))) return undefined;
    if (this.#descriptor < 0 || this.#lockDescriptor >= 0) {
      fs.closeSync(descriptor);
      return undefined;
    }
    this.#lockDescriptor = descriptor;
    return { release: () => this.#unlock() };
  }

  /** Opens the same file once more, even if it was renamed or removed. */
  #openAgain(): number {
    const path = `/proc/self/fd/${this.#use("lock")}`;
    try {
      return fs.openSync(path, O_RDWR);
    } catch {
      // A file that we may only read.
      return run("lock", this.path, () => fs.openSync(path, O_RDONLY));
    }
  }

  #unlock(): void {
    if (this.#lockDescriptor < 0) return;
    fs.closeSync(this.#lockDescriptor);
    this.#lockDescriptor = -1;
  }

  /** Whoever closes a large file without a name frees its blocks, which takes a while: one of Node's threads does. */
  close(): void {
    if (this.#descriptor < 0) return;
    const descriptor = this.#descriptor;
    this.#descriptor = -1;
    this.#unlock();
    // What was written was synced by whoever needs it to last, so a failure here loses nothing.
    fs.close(descriptor, () => undefined);
  }
}

/** Node's own recursion never ends where a parent cannot hold directories, as under /proc; this one fails. */
function makeDirectories(path: string, mode: number): void {
  try {
    fs.mkdirSync(path, { mode });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST" && fs.statSync(path).isDirectory()) return;
    const parent = dirname(path);
    if (code !== "ENOENT" || parent === path || fs.existsSync(parent)) throw error;
    makeDirectories(parent, mode);
    fs.mkdirSync(path, { mode });
  }
}
