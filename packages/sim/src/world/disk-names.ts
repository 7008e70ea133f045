import { DiskError } from "@quorate/base";
import { FilePages } from "./pages.ts";

/** A file, whatever names it has. */
export class Inode {
  readonly kind = "file";
  readonly mode: number;
  readonly number: number;
  modifiedMs: number;
  pages: FilePages = new FilePages();
  /** Who holds the advisory lock. */
  holder: object | undefined;

  constructor(number: number, mode: number, modifiedMs: number) {
    this.number = number;
    this.mode = mode;
    this.modifiedMs = modifiedMs;
  }
}

export class Directory {
  readonly kind = "directory";
  readonly mode: number;
  readonly modifiedMs: number;
  readonly seen: Map<string, DiskNode> = new Map();
  readonly durable: Map<string, DiskNode> = new Map();
  /** Who holds the advisory lock. */
  holder: object | undefined;

  constructor(mode: number, modifiedMs: number) {
    this.mode = mode;
    this.modifiedMs = modifiedMs;
  }
}

export type DiskNode = Inode | Directory;

/** A name that comes, goes or changes what it stands for. */
export interface NameChange {
  readonly directory: Directory;
  readonly name: string;
  /** Undefined removes the name. */
  readonly node: DiskNode | undefined;
}

/** Names that change together, not durable yet. */
export type NameOperation = readonly NameChange[];

const setName = (names: Map<string, DiskNode>, { name, node }: NameChange): void => {
  if (node === undefined) names.delete(name);
  else names.set(name, node);
};

/** The names on a path; a path is the same with and without a slash in front. */
export function namesOn(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}

/** The tree of names: as it is seen, and what of it is durable. */
export class NameTree {
  root: Directory = new Directory(0o755, 0);
  #pending: NameOperation[] = [];

  find(path: string): DiskNode | undefined {
    let node: DiskNode | undefined = this.root;
    for (const name of namesOn(path)) {
      if (!(node instanceof Directory)) return undefined;
      node = node.seen.get(name);
    }
    return node;
  }

  directory(path: string, operation: string): Directory {
    const node = this.find(path);
    if (node === undefined) throw new DiskError(operation, path, "ENOENT");
    if (!(node instanceof Directory)) throw new DiskError(operation, path, "ENOTDIR");
    return node;
  }

  /** The files of a directory that a power cut would leave there, under names that end like this. */
  durableFiles(path: string, suffix: string): readonly Inode[] {
    let node: DiskNode | undefined = this.root;
    for (const name of namesOn(path)) {
      if (!(node instanceof Directory)) return [];
      node = node.durable.get(name);
    }
    if (!(node instanceof Directory)) return [];
    const files: Inode[] = [];
    for (const [name, file] of node.durable) if (file instanceof Inode && name.endsWith(suffix)) files.push(file);
    return files;
  }

  parent(path: string, operation: string): { readonly directory: Directory; readonly name: string } {
    const names = namesOn(path);
    const name = names.pop();
    if (name === undefined) throw new DiskError(operation, path, "EINVAL");
    let directory = this.root;
    for (const step of names) {
      const next = directory.seen.get(step);
      if (next === undefined) throw new DiskError(operation, path, "ENOENT");
      if (!(next instanceof Directory)) throw new DiskError(operation, path, "ENOTDIR");
      directory = next;
    }
    return { directory, name };
  }

  change(changes: NameOperation): void {
    for (const change of changes) setName(change.directory.seen, change);
    this.#pending.push(changes);
  }

  /** What a sync of `directory` that begins now covers. */
  pendingOf(directory: Directory): readonly NameOperation[] {
    return this.#pending.filter((changes) => changes.some((change) => change.directory === directory));
  }

  settle(covered: readonly NameOperation[]): void {
    for (const operation of covered) {
      const at = this.#pending.indexOf(operation);
      if (at < 0) continue;
      this.#pending.splice(at, 1);
      for (const change of operation) setName(change.directory.durable, change);
    }
  }

  /** The power is cut. @param survives asked once per operation that is not durable, in their order. */
  crash(survives: () => boolean): void {
    for (const operation of this.#pending) {
      if (survives()) for (const change of operation) setName(change.directory.durable, change);
    }
    this.#pending = [];
    forget(this.root);
  }

  get dirty(): boolean {
    return this.#pending.length > 0;
  }

  /** All files, in order of their paths. */
  files(): { readonly path: string; readonly inode: Inode }[] {
    const found: { readonly path: string; readonly inode: Inode }[] = [];
    const visited = new Set<DiskNode>();
    const visit = (directory: Directory, path: string): void => {
      visited.add(directory);
      for (const names of [directory.seen, directory.durable]) {
        for (const name of [...names.keys()].sort()) {
          const node = names.get(name) as DiskNode;
          if (visited.has(node)) continue;
          visited.add(node);
          if (node instanceof Directory) visit(node, `${path}/${name}`);
          else found.push({ path: `${path}/${name}`, inode: node });
        }
      }
    };
    visit(this.root, "");
    return found;
  }

  /** Whoever held a lock is gone. */
  releaseLocks(): void {
    releaseDirectories(this.root);
    for (const { inode } of this.files()) inode.holder = undefined;
  }

  /** A copy of what is seen, all of it durable. */
  cloneRoot(): Directory {
    return cloneDirectory(this.root);
  }

  /** Replaces everything by `root`. */
  replaceRoot(root: Directory): void {
    this.root = root;
    this.#pending = [];
  }
}

function releaseDirectories(directory: Directory): void {
  directory.holder = undefined;
  for (const names of [directory.seen, directory.durable]) {
    for (const node of names.values()) if (node instanceof Directory) releaseDirectories(node);
  }
}

function forget(directory: Directory): void {
  directory.seen.clear();
  for (const [name, node] of directory.durable) {
    directory.seen.set(name, node);
    if (node instanceof Directory) forget(node);
  }
}

function cloneDirectory(directory: Directory): Directory {
  const copy = new Directory(directory.mode, directory.modifiedMs);
  for (const [name, node] of directory.seen) {
    const cloned = node instanceof Directory ? cloneDirectory(node) : cloneFile(node);
    copy.seen.set(name, cloned);
    copy.durable.set(name, cloned);
  }
  return copy;
}

function cloneFile(file: Inode): Inode {
  const copy = new Inode(file.number, file.mode, file.modifiedMs);
  copy.pages = file.pages.clone();
  return copy;
}
