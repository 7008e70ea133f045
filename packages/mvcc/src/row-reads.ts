import { invariant } from "@quorate/base";
import type { RowStore } from "./ports.ts";
import { revisionBytes, writeRevision } from "./revision.ts";

/** Fetches rows by revision without an array per look-up. */
export class RowReads {
  readonly #rows: RowStore;
  readonly #key: Uint8Array = new Uint8Array(revisionBytes);

  constructor(rows: RowStore) {
    this.#rows = rows;
  }

  /** Returns the row of a put that the index knows, so it must be there. */
  row(main: number, sub: number): Uint8Array {
    writeRevision(this.#key, main, sub);
    const row = this.#rows.get(this.#key);
    invariant(row !== undefined, "a row that the key index names is missing", () => ({ main, sub }));
    return row;
  }
}
