import { compareBytes } from "@quorate/base";
import type { MetaStore, RowStore, RowVisitor } from "../ports.ts";

interface Row {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** The plainest row store: a sorted array. For tests, and to say what the port means. */
export class MemoryRows implements RowStore {
  #rows: Row[] = [];

  /** All rows in order. */
  get all(): readonly Row[] {
    return this.#rows;
  }

  put(key: Uint8Array, value: Uint8Array): void {
    const at = this.#lowerBound(key);
    this.#rows.splice(at, this.#is(at, key) ? 1 : 0, { key, value });
  }

  room(_keyBytes: number, valueBytes: number): Uint8Array {
    return new Uint8Array(valueBytes);
  }

  delete(key: Uint8Array): void {
    const at = this.#lowerBound(key);
    if (this.#is(at, key)) this.#rows.splice(at, 1);
  }

  deleteSome(keys: readonly Uint8Array[]): number {
    for (const key of keys) this.delete(key);
    return keys.length;
  }

  get(key: Uint8Array): Uint8Array | undefined {
    const at = this.#lowerBound(key);
    return this.#is(at, key) ? this.#rows[at]?.value : undefined;
  }

  range(from: Uint8Array, to: Uint8Array, visit: RowVisitor, limit: number): number {
    let visited = 0;
    for (let at = this.#lowerBound(from); visited < limit; at++) {
      const row = this.#rows[at];
      if (row === undefined || compareBytes(row.key, to) >= 0) break;
      visited += 1;
      if (!visit(row.key, row.value)) break;
    }
    return visited;
  }

  /** A store with the same rows. */
  clone(): MemoryRows {
    const copy = new MemoryRows();
    copy.#rows = this.#rows.slice();
    return copy;
  }

  #is(at: number, key: Uint8Array): boolean {
    const row = this.#rows[at];
    return row !== undefined && compareBytes(row.key, key) === 0;
  }

  #lowerBound(key: Uint8Array): number {
    let low = 0;
    let high = this.#rows.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (compareBytes((this.#rows[middle] as Row).key, key) < 0) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** The plainest meta store. */
export class MemoryMeta implements MetaStore {
  readonly #values: Map<string, Uint8Array> = new Map();

  get(name: Uint8Array): Uint8Array | undefined {
    return this.#values.get(name.join());
  }

  put(name: Uint8Array, value: Uint8Array): void {
    this.#values.set(name.join(), value);
  }

  clone(): MemoryMeta {
    const copy = new MemoryMeta();
    for (const [name, value] of this.#values) copy.#values.set(name, value);
    return copy;
  }
}
