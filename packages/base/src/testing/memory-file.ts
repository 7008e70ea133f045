/**
 * The content of a file twice: as a running process sees it, and as a power cut would leave it. Between the two lie the
 * operations since the last sync, in order.
 */

import { SparseBytes } from "../sparse-bytes.ts";

/** A change of a file that no sync has made durable yet. */
export type FileOperation =
  | { readonly kind: "write"; readonly position: number; readonly bytes: Uint8Array }
  | { readonly kind: "resize"; readonly size: number };

let inodes = 0;

/** A file, whatever names it has. */
export class Inode {
  readonly kind = "file";
  /** Tells files apart in traces. */
  readonly number: number = ++inodes;
  readonly mode: number;
  modifiedMs: number;
  seen: SparseBytes = new SparseBytes();
  durable: SparseBytes = new SparseBytes();
  unsynced: FileOperation[] = [];
  /** How many operations have been made durable in all. */
  #syncedCount = 0;
  /** Who holds the advisory lock. */
  holder: object | undefined;

  constructor(mode: number, modifiedMs: number) {
    this.mode = mode;
    this.modifiedMs = modifiedMs;
  }

  perform(operation: FileOperation): void {
    applyTo(this.seen, operation);
    this.unsynced.push(operation);
  }

  /** Marks what a sync that starts now covers; give it to `endSync`. */
  startSync(): number {
    return this.#syncedCount + this.unsynced.length;
  }

  endSync(mark: number): void {
    const count = mark - this.#syncedCount;
    if (count <= 0) return;
    for (const operation of this.unsynced.splice(0, count)) applyTo(this.durable, operation);
    this.#syncedCount = mark;
  }

  /** Falls back to the durable content. */
  crash(): void {
    this.#syncedCount += this.unsynced.length;
    this.unsynced = [];
    this.seen = this.durable.fork();
    this.holder = undefined;
  }
}

/** Applies one operation to a file's content. */
export function applyTo(content: SparseBytes, operation: FileOperation): void {
  if (operation.kind === "write") content.write(operation.bytes, operation.position);
  else content.resize(operation.size);
}
