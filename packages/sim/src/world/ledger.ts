import { crc32cUpdate, type LogIndex, type Term } from "@quorate/base";
import { type Entry, EntryType } from "@quorate/raft";

/** An entry as somebody wrote it first. */
export interface LedgerEntry {
  readonly index: LogIndex;
  readonly term: Term;
  readonly type: EntryType;
  readonly data: Uint8Array;
  readonly hash: number;
  /** The term of the entry before it; −1 while nobody wrote it with its predecessor. */
  previousTerm: Term;
}

export const isChange = (entry: LedgerEntry): boolean => entry.type !== EntryType.normal;

/** Hashes type and data of an entry. */
export const entryHash = (type: number, data: Uint8Array, from = 0, to: number = data.length): number =>
  crc32cUpdate(type, data, from, to);

/**
 * All entries that any member ever wrote, by index and term, and which of them are committed.
 *
 * This is what the checks compare the members with; it belongs to nobody in the world.
 */
export class Ledger {
  readonly #written: LedgerEntry[][] = [];
  readonly #committed: LedgerEntry[] = [];
  /** The highest index that anybody knows to be committed. */
  commit: LogIndex = 0;

  find(index: LogIndex, term: Term): LedgerEntry | undefined {
    const entries = this.#written[index];
    if (entries === undefined) return undefined;
    for (const entry of entries) if (entry.term === term) return entry;
    return undefined;
  }

  /** @param data copied. */
  add(index: LogIndex, term: Term, type: EntryType, data: Uint8Array, hash: number, previousTerm: Term): LedgerEntry {
    const entry: LedgerEntry = { index, term, type, data: data.slice(), hash, previousTerm };
    while (this.#written.length <= index) this.#written.push([]);
    (this.#written[index] as LedgerEntry[]).push(entry);
    return entry;
  }

  committed(index: LogIndex): LedgerEntry | undefined {
    return this.#committed[index];
  }

  /** The next entry is committed. */
  commitNext(entry: LedgerEntry): void {
    this.commit = entry.index;
    while (this.#committed.length < entry.index) this.#committed.push(entry);
    this.#committed[entry.index] = entry;
  }
}

/** What is known of a raft entry without its data. */
export type EntryFacts = Pick<Entry, "index" | "term" | "type">;
