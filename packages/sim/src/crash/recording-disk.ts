/** A disk over an image that writes down what is done to it. */
import {
  type Disk,
  DiskError,
  type DiskFile,
  type FileInfo,
  type FileLock,
  type OpenMode,
  sectorBytes,
} from "@quorate/base";
import { type DiskImage, pathParts, rootNode } from "./disk-image.ts";
import type { DiskNode, Losable, NameChange, Operation } from "./journal.ts";

export interface RecordingOptions {
  /** Waits as long as a sync takes; at once unless given. */
  readonly syncDelay?: () => Promise<void>;
  /** Whether operations are written down; they are unless told. */
  readonly record?: boolean;
}

/** A name in a directory. */
interface Place {
  readonly directory: number;
  readonly name: string;
}

export class RecordingDisk implements Disk {
  /** What a process sees. */
  readonly image: DiskImage;
  /** What was done so far. */
  readonly journal: Operation[] = [];
  readonly #syncDelay: (() => Promise<void>) | undefined;
  readonly #record: boolean;
  readonly #locked: Map<number, object> = new Map();
  #lastNode: number;

  /** @param image taken over, and changed from now on. */
  constructor(image: DiskImage, options: RecordingOptions = {}) {
    this.image = image;
    this.#syncDelay = options.syncDelay;
    this.#record = options.record !== false;
    this.#lastNode = Math.max(...image.nodes.keys());
  }

  /**
   * A disk on which a process did `journal` and was killed: everything is seen, and what was not synced can still be lost.
   *
   * @param image as it was before the journal.
   */
  static afterKill(image: DiskImage, journal: readonly Operation[], options: RecordingOptions = {}): RecordingDisk {
    const disk = new RecordingDisk(image.fork(), options);
    for (const operation of journal) {
      if (operation.kind !== "synced" && operation.kind !== "namesSynced") disk.image.apply(operation);
      disk.journal.push(operation);
    }
    disk.#lastNode = Math.max(...disk.image.nodes.keys());
    return disk;
  }

  perform(operation: Losable): void {
    this.image.apply(operation);
    if (this.#record) this.journal.push(operation);
  }

  /** Writes, and keeps what the page cache then holds of the sectors. */
  write(file: number, path: string, position: number, bytes: Uint8Array): void {
    const content = this.image.content(file);
    content.write(bytes, position);
    if (!this.#record || bytes.length === 0) return;
    const start = Math.floor(position / sectorBytes) * sectorBytes;
    const end = Math.min(Math.ceil((position + bytes.length) / sectorBytes) * sectorBytes, content.size);
    const sectors = new Uint8Array(end - start);
    content.read(sectors, start);
    this.journal.push({ kind: "write", file, path, position, length: bytes.length, start, bytes: sectors });
  }

  async synced(file: number, path: string): Promise<void> {
    const before = this.journal.length;
    await this.#syncDelay?.();
    if (this.#record) this.journal.push({ kind: "synced", file, path, before });
  }

  open(path: string, how: OpenMode, mode = 0o600): DiskFile {
    const { directory, name } = this.#parent(path, "open");
    const found = this.image.entries(directory).get(name);
    if (found !== undefined && this.#node(found).kind === "directory") throw new DiskError("open", path, "EISDIR");
    if (found !== undefined) {
      if (how === "createNew") throw new DiskError("open", path, "EEXIST");
      return new RecordedFile(this, path, found, how !== "read");
    }
    if (how === "read" || how === "write") throw new DiskError("open", path, "ENOENT");
    const node = this.#makeNode("file", mode);
    this.#change(`create ${path}`, [{ directory, name, node: node.id }], node);
    return new RecordedFile(this, path, node.id, true);
  }

  info(path: string): FileInfo | undefined {
    const found = this.image.find(path);
    if (found === undefined) return undefined;
    const { kind, mode, modifiedMs } = this.#node(found);
    return { kind, size: kind === "file" ? this.image.content(found).size : 0, mode, modifiedMs };
  }

  list(path: string): string[] {
    return [...this.image.entries(this.#directory(path, "list")).keys()].sort();
  }

  makeDirectory(path: string, mode = 0o700): void {
    let directory = rootNode;
    for (const name of pathParts(path)) {
      let next = this.image.entries(directory).get(name);
      if (next !== undefined && this.#node(next).kind === "file") {
        throw new DiskError("makeDirectory", path, "ENOTDIR");
      }
      if (next === undefined) {
        const node = this.#makeNode("directory", mode);
        next = node.id;
        this.#change(`make the directory ${name} of ${path}`, [{ directory, name, node: next }], node);
      }
      directory = next;
    }
  }

  rename(from: string, to: string): void {
    const source = this.#parent(from, "rename");
    const target = this.#parent(to, "rename");
    const node = this.image.entries(source.directory).get(source.name);
    if (node === undefined) throw new DiskError("rename", from, "ENOENT");
    const replaced = this.image.entries(target.directory).get(target.name);
    if (replaced === node) return;
    if (replaced !== undefined) this.#checkReplaceable(node, replaced, to);
    this.#change(`rename ${from} to ${to}`, [
      { ...source, node: undefined },
      { ...target, node },
    ]);
  }

  #checkReplaceable(node: number, replaced: number, to: string): void {
    const isDirectory = this.#node(replaced).kind === "directory";
    if (isDirectory && this.image.entries(replaced).size > 0) throw new DiskError("rename", to, "ENOTEMPTY");
    if (isDirectory && this.#node(node).kind === "file") throw new DiskError("rename", to, "EISDIR");
    if (!isDirectory && this.#node(node).kind === "directory") throw new DiskError("rename", to, "ENOTDIR");
  }

  remove(path: string): void {
    const found = this.image.find(path);
    if (found === undefined) return;
    if (this.#node(found).kind === "directory") throw new DiskError("remove", path, "EISDIR");
    this.#change(`remove ${path}`, [{ ...this.#parent(path, "remove"), node: undefined }]);
  }

  async removeLarge(path: string): Promise<void> {
    this.remove(path);
  }

  removeTree(path: string): void {
    const found = this.image.find(path);
    if (found === undefined) return;
    if (this.#node(found).kind === "directory") {
      for (const name of [...this.image.entries(found).keys()]) this.removeTree(`${path}/${name}`);
    }
    this.#change(`remove ${path}`, [{ ...this.#parent(path, "removeTree"), node: undefined }]);
  }

  async syncDirectory(path: string): Promise<void> {
    const directory = this.#directory(path, "syncDirectory");
    const before = this.journal.length;
    await this.#syncDelay?.();
    if (this.#record) this.journal.push({ kind: "namesSynced", directory, path, before });
  }

  async lock(file: DiskFile): Promise<FileLock | undefined> {
    if (!(file instanceof RecordedFile)) throw new DiskError("lock", file.path, "EINVAL");
    const { node } = file;
    if (this.#locked.has(node)) return undefined;
    this.#locked.set(node, file);
    return { release: () => this.unlock(node, file) };
  }

  async lockDirectory(path: string): Promise<FileLock | undefined> {
    const node = this.#directory(path, "lock");
    if (this.#locked.has(node)) return undefined;
    const holder = {};
    this.#locked.set(node, holder);
    return { release: () => this.unlock(node, holder) };
  }

  /** Lets go of the lock on a node, if this is who holds it. */
  unlock(node: number, holder: object): void {
    if (this.#locked.get(node) === holder) this.#locked.delete(node);
  }

  #node(id: number): DiskNode {
    return this.image.nodes.get(id) as DiskNode;
  }

  #makeNode(kind: DiskNode["kind"], mode: number): DiskNode {
    this.#lastNode += 1;
    return { id: this.#lastNode, kind, mode, modifiedMs: 0 };
  }

  #change(text: string, changes: readonly NameChange[], made?: DiskNode): void {
    this.perform({ kind: "names", text, made, changes });
  }

  #directory(path: string, operation: string): number {
    const found = this.image.find(path);
    if (found === undefined) throw new DiskError(operation, path, "ENOENT");
    if (this.#node(found).kind !== "directory") throw new DiskError(operation, path, "ENOTDIR");
    return found;
  }

  #parent(path: string, operation: string): Place {
    const names = pathParts(path);
    const name = names.pop();
    if (name === undefined) throw new DiskError(operation, path, "EINVAL");
    return { directory: this.#directory(names.join("/"), operation), name };
  }
}

class RecordedFile implements DiskFile {
  readonly path: string;
  readonly node: number;
  readonly #disk: RecordingDisk;
  readonly #writable: boolean;
  #open = true;

  constructor(disk: RecordingDisk, path: string, node: number, writable: boolean) {
    this.#disk = disk;
    this.path = path;
    this.node = node;
    this.#writable = writable;
  }

  #check(operation: string): void {
    if (!this.#open) throw new DiskError(operation, this.path, "EBADF");
  }

  #checkWritable(operation: string): void {
    this.#check(operation);
    if (!this.#writable) throw new DiskError(operation, this.path, "EBADF");
  }

  size(): number {
    this.#check("size");
    return this.#disk.image.content(this.node).size;
  }

  readAt(target: Uint8Array, position: number): number {
    this.#check("read");
    return this.#disk.image.content(this.node).read(target, position);
  }

  writeAt(bytes: Uint8Array, position: number): void {
    this.#checkWritable("write");
    this.#disk.write(this.node, this.path, position, bytes);
  }

  async writeAllAt(parts: readonly Uint8Array[], position: number): Promise<void> {
    let at = position;
    for (const bytes of parts) {
      this.writeAt(bytes, at);
      at += bytes.length;
    }
  }

  async sync(): Promise<void> {
    this.#check("sync");
    await this.#disk.synced(this.node, this.path);
  }

  truncate(size: number): void {
    this.#checkWritable("truncate");
    this.#disk.perform({ kind: "resize", file: this.node, path: this.path, size });
  }

  async allocate(size: number): Promise<void> {
    this.#check("allocate");
    if (size > this.size()) this.truncate(size);
  }

  close(): void {
    this.#open = false;
    this.#disk.unlock(this.node, this);
  }
}
