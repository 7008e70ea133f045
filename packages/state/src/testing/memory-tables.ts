import { compareBytes, toHex } from "@quorate/base";
import { type BucketName, bucketNames, type Table, type Tables } from "../ports.ts";

/** A table in memory, sorted when it is scanned. */
class MemoryTable implements Table {
  readonly #rows: Map<string, readonly [Uint8Array, Uint8Array]> = new Map();

  get(key: Uint8Array): Uint8Array | undefined {
    return this.#rows.get(toHex(key))?.[1];
  }

  put(key: Uint8Array, value: Uint8Array): void {
    this.#rows.set(toHex(key), [key, value]);
  }

  delete(key: Uint8Array): void {
    this.#rows.delete(toHex(key));
  }

  range(
    from: Uint8Array,
    to: Uint8Array | undefined,
    visit: (key: Uint8Array, value: Uint8Array) => boolean | undefined,
  ): void {
    const rows = [...this.#rows.values()].sort((a, b) => compareBytes(a[0], b[0]));
    for (const [key, value] of rows) {
      if (compareBytes(key, from) < 0 || (to !== undefined && compareBytes(key, to) >= 0)) continue;
      if (visit(key, value) === false) return;
    }
  }
}

/** Empty tables. */
export function memoryTables(): Tables {
  const tables: Partial<Record<BucketName, Table>> = {};
  for (const name of bucketNames) tables[name] = new MemoryTable();
  return tables as Tables;
}
