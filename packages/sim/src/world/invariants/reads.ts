import { equalBytes } from "@quorate/base";
import { decodeKeyValue } from "@quorate/mvcc";
import { type Model, keyText } from "../model.ts";
import { check } from "../violation.ts";

/** What a range was asked and answered. */
export interface ReadFacts {
  readonly from: string;
  readonly to: string;
  readonly rows: readonly Uint8Array[];
  readonly revision: number;
  /** No answer may be older: the highest revision that anybody had seen when the read began; 0 for a stale read. */
  readonly floor: number;
}

/**
 * I13, read linearizability: what a read returns is what the model holds at some revision between that at its begin and
 * that at its end. The answer names the revision, so there is one to compare with.
 */
export class Reads {
  readonly #model: Model;

  constructor(model: Model) {
    this.#model = model;
  }

  onRead(read: ReadFacts): void {
    const { from, to, rows, revision, floor } = read;
    check(revision >= floor, "I13", () => `a read of ${from} answers at revision ${revision}, after ${floor} was seen`);
    check(revision <= this.#model.revision, "I13", () => `a read answers at revision ${revision}, which never was`);
    const expected = this.#model.range(from, to, revision);
    check(
      rows.length === expected.length,
      "I13",
      () => `a read of ${from} at ${revision} gives ${rows.length} keys, and ${expected.length} are right`,
    );
    for (const [i, row] of rows.entries()) {
      const kv = decodeKeyValue(row);
      const want = expected[i];
      const same =
        want !== undefined &&
        keyText(kv.key) === want.key &&
        kv.modRevision === want.version.modRevision &&
        kv.createRevision === want.version.createRevision &&
        kv.version === want.version.version &&
        equalBytes(kv.value, want.version.value);
      check(same, "I13", () => `a read of ${from} at ${revision} gives another state of ${keyText(kv.key)}`);
    }
  }
}
