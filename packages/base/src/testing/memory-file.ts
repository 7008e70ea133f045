/**
 * The content of a file twice: as a running process sees it, and as a power cut would leave it. Between the two lie the
 * operations since the last sync, in order.
 */

/** Files are stored in pages, so that preallocated segments cost nothing. */
const pageBytes = 4096;

/** Bytes with holes. */
export class SparseBytes {
  size = 0;
  readonly #pages: Map<number, Uint8Array> = new Map();

  read(target: Uint8Array, position: number): number {
    const length = Math.max(0, Math.min(target.length, this.size - position));
    for (let done = 0; done < length; ) {
      const at = position + done;
      const inPage = at % pageBytes;
      const count = Math.min(pageBytes - inPage, length - done);
      const page = this.#pages.get((at - inPage) / pageBytes);
      if (page === undefined) target.fill(0, done, done + count);
      else target.set(page.subarray(inPage, inPage + count), done);
      done += count;
    }
    return length;
  }

  write(bytes: Uint8Array, position: number): void {
    for (let done = 0; done < bytes.length; ) {
      const at = position + done;
      const inPage = at % pageBytes;
      const count = Math.min(pageBytes - inPage, bytes.length - done);
      const number = (at - inPage) / pageBytes;
      let page = this.#pages.get(number);
      if (page === undefined) {
        page = new Uint8Array(pageBytes);
        this.#pages.set(number, page);
      }
      page.set(bytes.subarray(done, done + count), inPage);
      done += count;
    }
    this.size = Math.max(this.size, position + bytes.length);
  }

  resize(size: number): void {
    if (size < this.size) {
      for (const number of this.#pages.keys()) if (number * pageBytes >= size) this.#pages.delete(number);
      this.#pages.get(Math.floor(size / pageBytes))?.fill(0, size % pageBytes);
    }
    this.size = size;
  }

  clone(): SparseBytes {
    const copy = new SparseBytes();
    copy.size = this.size;
    for (const [number, page] of this.#pages) copy.#pages.set(number, page.slice());
    return copy;
  }
}

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
    this.seen = this.durable.clone();
    this.holder = undefined;
  }
}

/** Applies one operation to a file's content. */
export function applyTo(content: SparseBytes, operation: FileOperation): void {
  if (operation.kind === "write") content.write(operation.bytes, operation.position);
  else content.resize(operation.size);
}
