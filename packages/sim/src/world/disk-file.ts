import { DiskError, type DiskFile, type FileLock, takeLock } from "@quorate/base";
import { DeadProcessError, type DiskUser } from "./disk.ts";
import type { Inode } from "./disk-names.ts";

/** An open file of a process. */
export class SimFile implements DiskFile {
  readonly path: string;
  readonly #port: DiskUser;
  readonly #inode: Inode;
  readonly #writable: boolean;
  #open = true;

  constructor(port: DiskUser, path: string, inode: Inode, writable: boolean) {
    this.#port = port;
    this.path = path;
    this.#inode = inode;
    this.#writable = writable;
  }

  #check(operation: string): void {
    if (!this.#port.life.alive) throw new DeadProcessError(`${operation} ${this.path} after the end`);
    if (!this.#open) throw new DiskError(operation, this.path, "EBADF");
  }

  #checkWrite(operation: string, end: number): void {
    this.#check(operation);
    if (!this.#writable) throw new DiskError(operation, this.path, "EBADF");
    const { disk } = this.#port;
    disk.step(this.#port.life, operation, this.path);
    disk.takeRoom(end - this.#inode.pages.size, operation, this.path);
    this.#inode.modifiedMs = this.#port.wallMs();
  }

  size(): number {
    this.#check("size");
    return this.#inode.pages.size;
  }

  readAt(target: Uint8Array, position: number): number {
    this.#check("read");
    this.#port.disk.beforeRead(this.path);
    return this.#inode.pages.read(target, position);
  }

  writeAt(bytes: Uint8Array, position: number): void {
    this.#checkWrite("write", position + bytes.length);
    this.#inode.pages.write(bytes, position);
    this.#port.disk.watcher?.onWrite(this.path, this.#inode, bytes);
  }

  async writeAllAt(parts: readonly Uint8Array[], position: number): Promise<void> {
    let end = position;
    for (const bytes of parts) end += bytes.length;
    this.#check("write");
    await this.#port.disk.whenWritten(this.#port.life, () => {
      this.#checkWrite("write", end);
      const bytes = new Uint8Array(end - position);
      let at = 0;
      for (const part of parts) {
        bytes.set(part, at);
        at += part.length;
      }
      this.#inode.pages.write(bytes, position);
      this.#port.disk.watcher?.onWrite(this.path, this.#inode, bytes);
    });
  }

  async sync(): Promise<void> {
    this.#check("sync");
    const { disk, life } = this.#port;
    disk.step(life, "sync", this.path);
    const { pages } = this.#inode;
    const mark = pages.startSync();
    const onDurable = disk.watcher?.onSyncStart(this.#inode);
    const fate = disk.fateOfSync(this.path);
    await disk.whenSynced(life, this.path, () => {
      if (fate === "done") {
        pages.endSync(mark);
        onDurable?.();
      } else if (fate === "failed") {
        pages.failSync(mark);
        throw new DiskError("sync", this.path, "EIO");
      } else {
        pages.skipSync(mark);
        disk.lies += 1;
        // Who was told so goes on as if it were.
        onDurable?.();
      }
    });
  }

  truncate(size: number): void {
    this.#checkWrite("truncate", size);
    this.#inode.pages.resize(size);
  }

  async allocate(size: number): Promise<void> {
    this.#check("allocate");
    const { disk, life } = this.#port;
    if (size > this.#inode.pages.size) {
      this.#checkWrite("allocate", size);
      this.#inode.pages.resize(size);
    }
    await disk.whenSynced(life, this.path, () => undefined);
  }

  lock(): FileLock | undefined {
    this.#check("lock");
    return takeLock(this.#inode, this);
  }

  close(): void {
    this.#open = false;
    if (this.#inode.holder === this) this.#inode.holder = undefined;
  }
}
