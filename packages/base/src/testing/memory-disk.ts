/**
 * A disk in memory that can lose power.
 *
 * It is as strict as POSIX lets a disk be: what a file holds is durable after its own `sync`, that a file has a name only
 * after `syncDirectory` of the directory it is in. `crash` falls back to that, or to that and any choice of the
 * operations since.
 */
import { takeLock } from "../holder.ts";
import { type Disk, DiskError, type DiskFile, type FileInfo, type FileLock, type OpenMode } from "../ports.ts";
import type { SparseBytes } from "../sparse-bytes.ts";
import { type FileOperation, Inode } from "./memory-file.ts";

type Node = Inode | Directory;

/** Names that change together: creation, removal, renaming over another file. */
interface NameChange {
  readonly directory: Directory;
  readonly name: string;
  /** Undefined removes the name. */
  readonly node: Node | undefined;
}

/** A change of names that no `syncDirectory` has made durable yet. */
interface NameOperation {
  readonly text: string;
  readonly changes: readonly NameChange[];
}

class Directory {
  readonly kind = "directory";
  readonly mode: number;
  readonly modifiedMs: number;
  readonly seen: Map<string, Node> = new Map();
  readonly durable: Map<string, Node> = new Map();
  /** Who holds the advisory lock. */
  holder: object | undefined;

  constructor(mode: number, modifiedMs: number) {
    this.mode = mode;
    this.modifiedMs = modifiedMs;
  }
}

/** What the disk is about to do, for tests that count, fail or stop there. */
export interface DiskStep {
  readonly operation: string;
  readonly path: string;
}

/** One unsynced operation that a crash may keep or lose. */
export type Unsynced =
  | { readonly kind: "names"; readonly text: string }
  | { readonly kind: "write"; readonly path: string; readonly position: number; readonly length: number }
  | { readonly kind: "resize"; readonly path: string; readonly size: number };

export interface MemoryDiskOptions {
  /** Runs before every operation that changes the disk or waits for it; a throw is what the operation throws. */
  readonly before?: (step: DiskStep) => void;
  /** Waits as long as a sync takes; at once unless given. */
  readonly syncDelay?: () => Promise<void>;
  readonly wallMs?: () => number;
}

export class MemoryDisk implements Disk {
  readonly #root: Directory;
  readonly #options: MemoryDiskOptions;
  #names: NameOperation[] = [];
  /** Counts crashes: handles of an earlier life are dead. */
  #life = 0;

  constructor(options: MemoryDiskOptions = {}) {
    this.#options = options;
    this.#root = new Directory(0o755, 0);
  }

  /** Runs the test's hook; operations of an earlier life fail. */
  step(operation: string, path: string, life: number): void {
    if (life !== this.#life) throw new DiskError(operation, path, "EIO");
    this.#options.before?.({ operation, path });
  }

  get life(): number {
    return this.#life;
  }

  nowMs(): number {
    return this.#options.wallMs?.() ?? 0;
  }

  open(path: string, how: OpenMode, mode = 0o600): DiskFile {
    const { directory, name } = this.#parent(path, "open");
    const found = directory.seen.get(name);
    if (found instanceof Directory) throw new DiskError("open", path, "EISDIR");
    if (found !== undefined) {
      if (how === "createNew") throw new DiskError("open", path, "EEXIST");
      return new MemoryFile(this, path, found, how !== "read");
    }
    if (how === "read" || how === "write") throw new DiskError("open", path, "ENOENT");
    this.step("create", path, this.#life);
    const node = new Inode(mode, this.nowMs());
    this.#change(`create ${path}`, [{ directory, name, node }]);
    return new MemoryFile(this, path, node, true);
  }

  info(path: string): FileInfo | undefined {
    const node = this.#find(path);
    if (node === undefined) return undefined;
    const size = node instanceof Directory ? 0 : node.seen.size;
    return { kind: node.kind, size, mode: node.mode, modifiedMs: node.modifiedMs };
  }

  list(path: string): string[] {
    return [...this.#directory(path, "list").seen.keys()].sort();
  }

  makeDirectory(path: string, mode = 0o700): void {
    let directory = this.#root;
    for (const name of parts(path)) {
      let next = directory.seen.get(name);
      if (next instanceof Inode) throw new DiskError("makeDirectory", path, "ENOTDIR");
      if (next === undefined) {
        this.step("makeDirectory", path, this.#life);
        next = new Directory(mode, this.nowMs());
        this.#change(`makeDirectory ${name} of ${path}`, [{ directory, name, node: next }]);
      }
      directory = next;
    }
  }

  rename(from: string, to: string): void {
    const source = this.#parent(from, "rename");
    const target = this.#parent(to, "rename");
    const node = source.directory.seen.get(source.name);
    if (node === undefined) throw new DiskError("rename", from, "ENOENT");
    const replaced = target.directory.seen.get(target.name);
    if (replaced === node) return;
    if (replaced instanceof Directory && replaced.seen.size > 0) throw new DiskError("rename", to, "ENOTEMPTY");
    if (replaced instanceof Directory && node instanceof Inode) throw new DiskError("rename", to, "EISDIR");
    if (replaced instanceof Inode && node instanceof Directory) throw new DiskError("rename", to, "ENOTDIR");
    this.step("rename", from, this.#life);
    this.#change(`rename ${from} ${to}`, [
      { ...source, node: undefined },
      { ...target, node },
    ]);
  }

  remove(path: string): void {
    const node = this.#find(path);
    if (node === undefined) return;
    if (node instanceof Directory) throw new DiskError("remove", path, "EISDIR");
    this.step("remove", path, this.#life);
    this.#change(`remove ${path}`, [{ ...this.#parent(path, "remove"), node: undefined }]);
  }

  async removeLarge(path: string): Promise<void> {
    this.remove(path);
  }

  removeTree(path: string): void {
    const node = this.#find(path);
    if (node === undefined) return;
    if (node instanceof Directory) {
      for (const name of [...node.seen.keys()]) this.removeTree(`${path}/${name}`);
    }
    this.step("removeTree", path, this.#life);
    this.#change(`removeTree ${path}`, [{ ...this.#parent(path, "removeTree"), node: undefined }]);
  }

  async syncDirectory(path: string): Promise<void> {
    const life = this.#life;
    const directory = this.#directory(path, "syncDirectory");
    this.step("syncDirectory", path, life);
    const covered = this.#names.filter((o) => o.changes.some((c) => c.directory === directory));
    await this.delay();
    if (life !== this.#life) throw new DiskError("syncDirectory", path, "EIO");
    for (const operation of covered) {
      const at = this.#names.indexOf(operation);
      if (at < 0) continue;
      this.#names.splice(at, 1);
      for (const change of operation.changes) setName(change.directory.durable, change);
    }
  }

  async lock(file: DiskFile): Promise<FileLock | undefined> {
    if (!(file instanceof MemoryFile)) throw new DiskError("lock", file.path, "EINVAL");
    return file.lock();
  }

  async lockDirectory(path: string): Promise<FileLock | undefined> {
    return takeLock(this.#directory(path, "lock"));
  }

  /** Waits as long as a sync takes. */
  delay(): Promise<void> {
    return this.#options.syncDelay?.() ?? Promise.resolve();
  }

  /**
   * Cuts the power: handles and locks are gone, and so is what was not synced, unless `survives` says otherwise.
   *
   * @param survives called once per unsynced operation, names first, then the files' in order; for a write it may also
   *   return how many of its first bytes survive. Names of one directory are kept in order only if it keeps them so.
   */
  crash(survives: (operation: Unsynced) => boolean | number = () => false): void {
    const files = this.#allFiles();
    this.#life += 1;
    for (const operation of this.#names) {
      if (survives({ kind: "names", text: operation.text }) === false) continue;
      for (const change of operation.changes) setName(change.directory.durable, change);
    }
    this.#names = [];
    for (const [inode, path] of files) {
      for (const operation of inode.unsynced) surviveOperation(inode.durable, operation, path, survives);
      inode.crash();
    }
    forgetNames(this.#root);
  }

  #allFiles(): Map<Inode, string> {
    const found = new Map<Inode, string>();
    const visited = new Set<Directory>();
    const visit = (directory: Directory, path: string): void => {
      if (visited.has(directory)) return;
      visited.add(directory);
      for (const names of [directory.seen, directory.durable]) {
        for (const [name, node] of names) {
          if (node instanceof Directory) visit(node, `${path}/${name}`);
          else if (!found.has(node)) found.set(node, `${path}/${name}`);
        }
      }
    };
    visit(this.#root, "");
    return found;
  }

  #change(text: string, changes: readonly NameChange[]): void {
    for (const change of changes) setName(change.directory.seen, change);
    this.#names.push({ text, changes });
  }

  #find(path: string): Node | undefined {
    let node: Node | undefined = this.#root;
    for (const name of parts(path)) {
      if (!(node instanceof Directory)) return undefined;
      node = node.seen.get(name);
    }
    return node;
  }

  #directory(path: string, operation: string): Directory {
    const node = this.#find(path);
    if (node === undefined) throw new DiskError(operation, path, "ENOENT");
    if (!(node instanceof Directory)) throw new DiskError(operation, path, "ENOTDIR");
    return node;
  }

  #parent(path: string, operation: string): { directory: Directory; name: string } {
    const names = parts(path);
    const name = names.pop();
    if (name === undefined) throw new DiskError(operation, path, "EINVAL");
    let directory = this.#root;
    for (const step of names) {
      const next = directory.seen.get(step);
      if (next === undefined) throw new DiskError(operation, path, "ENOENT");
      if (!(next instanceof Directory)) throw new DiskError(operation, path, "ENOTDIR");
      directory = next;
    }
    return { directory, name };
  }
}

function surviveOperation(
  content: SparseBytes,
  operation: FileOperation,
  path: string,
  survives: (operation: Unsynced) => boolean | number,
): void {
  if (operation.kind === "resize") {
    if (survives({ kind: "resize", path, size: operation.size }) !== false) content.resize(operation.size);
    return;
  }
  const { position, bytes } = operation;
  const kept = survives({ kind: "write", path, position, length: bytes.length });
  if (kept === false) return;
  content.write(kept === true ? bytes : bytes.subarray(0, kept), position);
}

function setName(names: Map<string, Node>, change: NameChange): void {
  if (change.node === undefined) names.delete(change.name);
  else names.set(change.name, change.node);
}

function forgetNames(directory: Directory): void {
  directory.holder = undefined;
  directory.seen.clear();
  for (const [name, node] of directory.durable) {
    directory.seen.set(name, node);
    if (node instanceof Directory) forgetNames(node);
  }
}

/** The names on a path; a path is the same with and without a slash in front. */
function parts(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}

class MemoryFile implements DiskFile {
  readonly path: string;
  readonly #disk: MemoryDisk;
  readonly #inode: Inode;
  readonly #writable: boolean;
  readonly #life: number;
  #open = true;

  constructor(disk: MemoryDisk, path: string, inode: Inode, writable: boolean) {
    this.#disk = disk;
    this.path = path;
    this.#inode = inode;
    this.#writable = writable;
    this.#life = disk.life;
  }

  #check(operation: string): void {
    if (!this.#open) throw new DiskError(operation, this.path, "EBADF");
    if (this.#life !== this.#disk.life) throw new DiskError(operation, this.path, "EIO");
  }

  #perform(name: string, operation: FileOperation): void {
    this.#check(name);
    if (!this.#writable) throw new DiskError(name, this.path, "EBADF");
    this.#disk.step(name, this.path, this.#life);
    this.#inode.perform(operation);
    this.#inode.modifiedMs = this.#disk.nowMs();
  }

  size(): number {
    this.#check("size");
    return this.#inode.seen.size;
  }

  readAt(target: Uint8Array, position: number): number {
    this.#check("read");
    return this.#inode.seen.read(target, position);
  }

  writeAt(bytes: Uint8Array, position: number): void {
    this.#perform("write", { kind: "write", position, bytes: bytes.slice() });
  }

  async writeAllAt(parts: readonly Uint8Array[], position: number): Promise<void> {
    await this.#disk.delay();
    let at = position;
    for (const bytes of parts) {
      this.writeAt(bytes, at);
      at += bytes.length;
    }
  }

  async sync(): Promise<void> {
    this.#check("sync");
    this.#disk.step("sync", this.path, this.#life);
    const mark = this.#inode.startSync();
    await this.#disk.delay();
    if (this.#life !== this.#disk.life) throw new DiskError("sync", this.path, "EIO");
    this.#inode.endSync(mark);
  }

  truncate(size: number): void {
    this.#perform("truncate", { kind: "resize", size });
  }

  async allocate(size: number): Promise<void> {
    this.#check("allocate");
    if (size > this.#inode.seen.size) this.#perform("allocate", { kind: "resize", size });
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
