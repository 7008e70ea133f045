import { sectorBytes, SparseBytes } from "@quorate/base";
import type { DiskNode, Losable, NameChange, WriteOperation } from "./journal.ts";

/** The number of the root directory. */
export const rootNode = 1;

/** What lies on a disk. Forks are cheap and independent. */
export class DiskImage {
  readonly nodes: Map<number, DiskNode>;
  readonly names: Map<number, Map<string, number>>;
  readonly contents: Map<number, SparseBytes>;

  private constructor(
    nodes: Map<number, DiskNode>,
    names: Map<number, Map<string, number>>,
    contents: Map<number, SparseBytes>,
  ) {
    this.nodes = nodes;
    this.names = names;
    this.contents = contents;
  }

  static empty(): DiskImage {
    const root: DiskNode = { id: rootNode, kind: "directory", mode: 0o755, modifiedMs: 0 };
    return new DiskImage(new Map([[rootNode, root]]), new Map([[rootNode, new Map<string, number>()]]), new Map());
  }

  fork(): DiskImage {
    const names = new Map<number, Map<string, number>>();
    for (const [directory, entries] of this.names) names.set(directory, new Map(entries));
    const contents = new Map<number, SparseBytes>();
    for (const [file, content] of this.contents) contents.set(file, content.fork());
    return new DiskImage(new Map(this.nodes), names, contents);
  }

  /** The names in a directory. */
  entries(directory: number): Map<string, number> {
    let entries = this.names.get(directory);
    if (entries === undefined) {
      entries = new Map();
      this.names.set(directory, entries);
    }
    return entries;
  }

  content(file: number): SparseBytes {
    let content = this.contents.get(file);
    if (content === undefined) {
      content = new SparseBytes();
      this.contents.set(file, content);
    }
    return content;
  }

  apply(operation: Losable): void {
    if (operation.kind === "names") {
      if (operation.made !== undefined) this.nodes.set(operation.made.id, operation.made);
      this.applyNames(operation.changes);
    } else if (operation.kind === "resize") this.content(operation.file).resize(operation.size);
    else this.content(operation.file).write(operation.bytes, operation.start);
  }

  applyNames(changes: readonly NameChange[]): void {
    for (const { directory, name, node } of changes) {
      if (node === undefined) this.entries(directory).delete(name);
      else this.entries(directory).set(name, node);
    }
  }

  /** Applies one sector of a write. */
  applySector(operation: WriteOperation, sector: number): void {
    const from = sector * sectorBytes;
    const bytes = operation.bytes.subarray(from, Math.min(from + sectorBytes, operation.bytes.length));
    this.content(operation.file).write(bytes, operation.start + from);
  }

  /** The node at a path, undefined when there is none. */
  find(path: string): number | undefined {
    let node: number | undefined = rootNode;
    for (const name of pathParts(path)) {
      if (node === undefined || this.nodes.get(node)?.kind !== "directory") return undefined;
      node = this.names.get(node)?.get(name);
    }
    return node;
  }

  /** The content of the file at a path, to look at or to damage; undefined when there is none. */
  fileAt(path: string): SparseBytes | undefined {
    const node = this.find(path);
    return node === undefined || this.nodes.get(node)?.kind !== "file" ? undefined : this.content(node);
  }

  /** Paths of all files, in order. */
  files(): string[] {
    const found: string[] = [];
    const visit = (directory: number, path: string): void => {
      for (const [name, node] of [...this.entries(directory)].sort(([a], [b]) => (a < b ? -1 : 1))) {
        if (this.nodes.get(node)?.kind === "directory") visit(node, `${path}/${name}`);
        else found.push(`${path}/${name}`);
      }
    };
    visit(rootNode, "");
    return found;
  }
}

/** The names on a path; a path is the same with and without a slash in front. */
export function pathParts(path: string): string[] {
  const names: string[] = [];
  for (const name of path.split("/")) {
    if (name === "..") names.pop();
    else if (name !== "" && name !== ".") names.push(name);
  }
  return names;
}
