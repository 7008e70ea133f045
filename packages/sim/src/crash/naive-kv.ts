import { compareBytes, concatBytes, crc32cUpdate, toLeaseId, utf8Encode } from "@quorate/base";
import { encodeKeyValue, revisionKey } from "@quorate/mvcc";
import type { Command } from "./commands.ts";

interface Row {
  readonly key: string;
  readonly main: number;
  readonly sub: number;
  readonly tombstone: boolean;
  readonly create: number;
  readonly version: number;
  readonly value: string;
  readonly lease: bigint;
}

const byBytes = (a: string, b: string): number => compareBytes(utf8Encode(a), utf8Encode(b));

/** Key-value state by its definition: the list of all changes, looked through each time. */
export class NaiveKv {
  revision = 1;
  compactRevision = -1;
  readonly #rows: Row[] = [];
  readonly #leases: Set<bigint> = new Set();
  #corrupt = false;

  apply(command: Command): void {
    if (command.kind === "alarm") this.#corrupt = command.raise;
    if (this.#corrupt) return;
    switch (command.kind) {
      case "put":
        if (command.lease !== undefined && !this.#leases.has(command.lease)) return;
        this.#change([command]);
        return;
      case "txn":
        if (command.when !== undefined && !this.#holds(command.when)) return;
        this.#change(command.puts.map(([key, value]) => ({ key, value })));
        return;
      case "delete":
        this.#delete(this.#alive().filter((row) => isInside(row.key, command.key, command.end)));
        return;
      case "grant":
        this.#leases.add(command.lease);
        return;
      case "revoke":
        if (this.#leases.delete(command.lease)) {
          this.#delete(this.#alive().filter((row) => row.lease === command.lease));
        }
        return;
      case "compact":
        if (command.revision > this.compactRevision && command.revision <= this.revision) {
          this.compactRevision = command.revision;
        }
        return;
      default:
        return;
    }
  }

  #holds({ key, end, version }: { readonly key: string; readonly end: string; readonly version: number }): boolean {
    return this.#alive().every((row) => !isInside(row.key, key, end) || row.version === version);
  }

  #change(puts: readonly { readonly key: string; readonly value: string; readonly lease?: bigint }[]): void {
    const main = this.revision + 1;
    puts.forEach(({ key, value, lease = 0n }, sub) => {
      const before = this.#newest(key, main);
      const alive = before !== undefined && !before.tombstone ? before : undefined;
      const create = alive?.create ?? main;
      this.#rows.push({ key, main, sub, tombstone: false, create, version: (alive?.version ?? 0) + 1, value, lease });
    });
    this.revision = main;
  }

  #delete(rows: readonly Row[]): void {
    if (rows.length === 0) return;
    const main = this.revision + 1;
    rows.forEach(({ key }, sub) => {
      this.#rows.push({ key, main, sub, tombstone: true, create: 0, version: 0, value: "", lease: 0n });
    });
    this.revision = main;
  }

  #newest(key: string, revision: number): Row | undefined {
    return this.#rows.findLast((row) => row.key === key && row.main <= revision);
  }

  /** The rows of all keys that live now, in order of keys. */
  #alive(): Row[] {
    const keys = [...new Set(this.#rows.map((row) => row.key))].sort(byBytes);
    return keys.flatMap((key) => {
      const row = this.#newest(key, this.revision);
      return row === undefined || row.tombstone ? [] : [row];
    });
  }

  /** HashKV of the newest revision. */
  hash(): number {
    let hash = crc32cUpdate(0, utf8Encode("key"));
    // When nothing lives, what the compaction left counts as it is.
    const visibleAt = this.#alive().length === 0 ? this.compactRevision : this.revision;
    for (const row of this.#rows) {
      const kept = row.main > this.compactRevision || (!row.tombstone && this.#newest(row.key, visibleAt) === row);
      if (!kept) continue;
      hash = crc32cUpdate(hash, revisionKey(row.main, row.sub, row.tombstone));
      hash = crc32cUpdate(hash, encoded(row));
    }
    return hash;
  }

  /** The newest rows of all keys that lived at a revision, in order of keys. */
  visibleAt(revision: number): Uint8Array[] {
    const keys = [...new Set(this.#rows.map((row) => row.key))].sort(byBytes);
    return keys.flatMap((key) => {
      const row = this.#newest(key, revision);
      return row === undefined || row.tombstone ? [] : [encoded(row)];
    });
  }

  /**
   * How many rows are left when compactions have done their work: those after the compaction revision, and what was
   * visible at it. A deletion at exactly that revision is kept too: a watch from there has to tell of it.
   */
  rowsKept(): number {
    const { compactRevision } = this;
    const isKept = (row: Row): boolean =>
      row.main >= compactRevision || (!row.tombstone && this.#newest(row.key, compactRevision) === row);
    return this.#rows.filter(isKept).length;
  }

  /** All rows that were ever written, by revision key. */
  *rows(): Generator<readonly [key: Uint8Array, row: Uint8Array], void, undefined> {
    for (const row of this.#rows) yield [revisionKey(row.main, row.sub, row.tombstone), encoded(row)];
  }
}

function isInside(key: string, from: string, end: string | undefined): boolean {
  if (end === undefined) return key === from;
  return byBytes(key, from) >= 0 && byBytes(key, end) < 0;
}

function encoded(row: Row): Uint8Array {
  const key = utf8Encode(row.key);
  // A tombstone names its key and nothing else; keys are short here.
  if (row.tombstone) return concatBytes([Uint8Array.of(0x0a, key.length), key]);
  return encodeKeyValue(key, row.create, row.main, row.version, utf8Encode(row.value), toLeaseId(row.lease));
}
