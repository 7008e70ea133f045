import { invariant, type LogIndex, type Term } from "@quorate/base";
import { type Entry, newEntry } from "@quorate/raft";
import { type Command, entryOf } from "./commands.ts";

/** The log of one leader. */
interface Reign {
  readonly term: Term;
  readonly entries: Entry[];
}

/** The logs of all leaders of a run: the only ones that a member of it can ever hold a part of. */
export class Script {
  readonly #reigns: Reign[];
  readonly #commands: Map<Entry, Command> = new Map();
  #serial = 1000;

  /** @param birth the entries that every member of the new cluster begins with. */
  constructor(birth: readonly Entry[]) {
    this.#reigns = [{ term: 1, entries: [...birth] }];
  }

  get #last(): Reign {
    return this.#reigns[this.#reigns.length - 1] as Reign;
  }

  get term(): Term {
    return this.#last.term;
  }

  get lastIndex(): LogIndex {
    return this.#last.entries.length;
  }

  /** The next term begins with a leader that has the log up to `keep`, unless given all of it. */
  lead(term: Term, keep: LogIndex = this.lastIndex): void {
    invariant(term > this.term, "terms grow");
    this.#reigns.push({ term, entries: this.#last.entries.slice(0, keep) });
    this.add({ kind: "empty" });
  }

  add(command: Command): Entry {
    this.#serial += 1;
    const { type, data } = entryOf(command, this.#serial);
    const entry = newEntry(type, this.term, this.lastIndex + 1, data);
    this.#commands.set(entry, command);
    this.#last.entries.push(entry);
    return entry;
  }

  /** The entry of the newest leader. */
  entry(index: LogIndex): Entry {
    const entry = this.#last.entries[index - 1];
    invariant(entry !== undefined, "no such entry", () => ({ index }));
    return entry;
  }

  /** Entries of the newest leader, [lo, hi). */
  entries(lo: LogIndex, hi: LogIndex): Entry[] {
    return this.#last.entries.slice(lo - 1, hi - 1);
  }

  /** Undefined for birth entries. */
  command(entry: Entry): Command | undefined {
    return this.#commands.get(entry);
  }

  /** The term of the entry at `index` in the log of the leader of `term`; 0 when it has none. */
  termAt(term: Term, index: LogIndex): Term {
    const reign = this.#reigns.findLast((one) => one.term <= term);
    return reign?.entries[index - 1]?.term ?? 0;
  }

  /** The log that ends in an entry of `term` at `index`, undefined when no leader ever had one. */
  logEndingIn(term: Term, index: LogIndex): readonly Entry[] | undefined {
    for (const { entries } of this.#reigns) if (entries[index - 1]?.term === term) return entries.slice(0, index);
    return undefined;
  }
}
