import {
  type Disk,
  DiskError,
  type DiskFile,
  type FileInfo,
  type FileLock,
  type OpenMode,
  takeLock,
} from "@quorate/base";
import { DeadProcessError, type DiskUser, type SimDisk } from "./disk.ts";
import { SimFile } from "./disk-file.ts";
import { Directory, Inode, type NameOperation, type NameTree, namesOn } from "./disk-names.ts";
import type { Life } from "./kernel.ts";

/** A disk as one process has it. */
export class DiskPort implements Disk, DiskUser {
  readonly disk: SimDisk;
  readonly life: Life;
  readonly #wallMs: () => number;

  constructor(disk: SimDisk, life: Life, wallMs: () => number) {
    this.disk = disk;
    this.life = life;
    this.#wallMs = wallMs;
  }

  wallMs(): number {
    return this.#wallMs();
  }

  #step(operation: string, path: string): NameTree {
    this.disk.step(this.life, operation, path);
    return this.disk.names;
  }

  #names(): NameTree {
    if (!this.life.alive) throw new DeadProcessError("a look after the end");
    return this.disk.names;
  }

  #change(changes: NameOperation): void {
    this.disk.names.change(changes);
  }

  open(path: string, how: OpenMode, mode = 0o600): DiskFile {
    const { directory, name } = this.#names().parent(path, "open");
    const found = directory.seen.get(name);
    if (found instanceof Directory) throw new DiskError("open", path, "EISDIR");
    if (found !== undefined) {
      if (how === "createNew") throw new DiskError("open", path, "EEXIST");
      return new SimFile(this, path, found, how !== "read");
    }
    if (how === "read" || how === "write") throw new DiskError("open", path, "ENOENT");
    this.#step("create", path);
    const node = this.disk.newInode(mode, this.#wallMs());
    this.#change([{ directory, name, node }]);
    return new SimFile(this, path, node, true);
  }

  info(path: string): FileInfo | undefined {
    const node = this.#names().find(path);
    if (node === undefined) return undefined;
    const size = node instanceof Directory ? 0 : node.pages.size;
    return { kind: node.kind, size, mode: node.mode, modifiedMs: node.modifiedMs };
  }

  list(path: string): string[] {
    return [...this.#names().directory(path, "list").seen.keys()].sort();
  }

  makeDirectory(path: string, mode = 0o700): void {
    let directory = this.#names().root;
    for (const name of namesOn(path)) {
      let next = directory.seen.get(name);
      if (next instanceof Inode) throw new DiskError("makeDirectory", path, "ENOTDIR");
      if (next === undefined) {
        this.#step("makeDirectory", path);
        next = new Directory(mode, this.#wallMs());
        this.#change([{ directory, name, node: next }]);
      }
      directory = next;
    }
  }

  rename(from: string, to: string): void {
    const names = this.#names();
    const source = names.parent(from, "rename");
    const target = names.parent(to, "rename");
    const node = source.directory.seen.get(source.name);
    if (node === undefined) throw new DiskError("rename", from, "ENOENT");
    const replaced = target.directory.seen.get(target.name);
    if (replaced === node) return;
    if (replaced instanceof Directory) {
      if (replaced.seen.size > 0) throw new DiskError("rename", to, "ENOTEMPTY");
      if (node instanceof Inode) throw new DiskError("rename", to, "EISDIR");
    } else if (replaced !== undefined && node instanceof Directory) throw new DiskError("rename", to, "ENOTDIR");
    this.#step("rename", from);
    this.#change([
      { ...source, node: undefined },
      { ...target, node },
    ]);
  }

  remove(path: string): void {
    const node = this.#names().find(path);
    if (node === undefined) return;
    if (node instanceof Directory) throw new DiskError("remove", path, "EISDIR");
    this.#step("remove", path);
    this.#change([{ ...this.disk.names.parent(path, "remove"), node: undefined }]);
  }

  async removeLarge(path: string): Promise<void> {
    this.remove(path);
  }

  removeTree(path: string): void {
    const node = this.#names().find(path);
    if (node === undefined) return;
    if (node instanceof Directory) for (const name of [...node.seen.keys()]) this.removeTree(`${path}/${name}`);
    this.#step("removeTree", path);
    this.#change([{ ...this.disk.names.parent(path, "removeTree"), node: undefined }]);
  }

  async syncDirectory(path: string): Promise<void> {
    const directory = this.#names().directory(path, "syncDirectory");
    const names = this.#step("syncDirectory", path);
    const covered = names.pendingOf(directory);
    const fate = this.disk.fateOfSync(undefined);
    await this.disk.whenSynced(this.life, path, () => {
      if (fate === "failed") throw new DiskError("syncDirectory", path, "EIO");
      names.settle(covered);
      this.disk.watcher?.onNames();
    });
  }

  async lock(file: DiskFile): Promise<FileLock | undefined> {
    if (!(file instanceof SimFile)) throw new DiskError("lock", file.path, "EINVAL");
    return file.lock();
  }

  async lockDirectory(path: string): Promise<FileLock | undefined> {
    return takeLock(this.#names().directory(path, "lock"));
  }
}
