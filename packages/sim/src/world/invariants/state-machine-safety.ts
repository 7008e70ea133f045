import { equalBytes, type LogIndex, utf8Encode } from "@quorate/base";
import { decodeKeyValue, type MvccStore } from "@quorate/mvcc";
import type { Ledger } from "../ledger.ts";
import type { MemberLog } from "../member-log.ts";
import { type Model, keyText } from "../model.ts";
import { check } from "../violation.ts";

/** So many entries go by between two looks at the past. */
const pastEvery = 16;
const everything = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };

/**
 * I4, state-machine safety: the entry applied at an index is the same at all members, and so is the state after it. The
 * state is compared with that of the model, key by key where it changed.
 *
 * I14 comes with it: the revision grows by exactly one per writing transaction, alike everywhere, as it does in the model.
 */
export class StateMachineSafety {
  readonly #ledger: Ledger;
  readonly #model: Model;

  constructor(ledger: Ledger, model: Model) {
    this.#ledger = ledger;
    this.#model = model;
  }

  /** This member has taken the entries after `from` up to `to` for committed. */
  onCommitted(name: string, log: MemberLog, from: LogIndex, to: LogIndex): void {
    for (let index = Math.max(from, log.written.base) + 1; index <= to; index++) {
      const committed = this.#ledger.committed(index);
      const term = log.termAt(index);
      check(
        committed !== undefined && committed.term === term,
        "I4",
        () =>
          `${name} takes entry ${index} of term ${term} for committed; committed was that of term ${committed?.term}`,
      );
    }
  }

  /** Entries after `from` up to `to` were applied. */
  onApplied(name: string, store: MvccStore, from: LogIndex, to: LogIndex): void {
    this.#checkRevision(name, store, to);
    for (let index = from + 1; index <= to; index++) {
      for (const key of this.#model.changedBy(index)) this.#checkKey(name, store, key, index);
    }
    if (to % pastEvery === 0) this.#checkPast(name, store, to);
  }

  /** I17, compaction: what can still be read of the past is there, down to the revision of the last compaction. */
  #checkPast(name: string, store: MvccStore, applied: LogIndex): void {
    const oldest = Math.max(1, store.compactRevision);
    const spread = store.revision - oldest + 1;
    const revision = applied % (2 * pastEvery) === 0 ? oldest : oldest + ((applied * 7919) % spread);
    this.#compare(name, store, revision, "I17");
  }

  #checkRevision(name: string, store: MvccStore, applied: LogIndex): void {
    const expected = this.#model.revisionAt(applied);
    check(
      store.revision === expected,
      "I14",
      () => `${name} is at revision ${store.revision} after applying ${applied}, where it is to be ${expected}`,
    );
    const compacted = this.#model.compactRevisionAt(applied);
    check(
      store.compactRevision === compacted,
      "I17",
      () =>
        `${name} is compacted to ${store.compactRevision} after applying ${applied}, where it is to be ${compacted}`,
    );
  }

  #checkKey(name: string, store: MvccStore, key: string, index: LogIndex): void {
    const expected = this.#model.at(key, store.revision);
    const state = store.state(utf8Encode(key));
    if (expected === undefined || expected.version === 0) {
      check(state === undefined, "I4", () => `${name} still has key ${key} after entry ${index} deleted it`);
      return;
    }
    const same =
      state !== undefined &&
      state.modRevision === expected.modRevision &&
      state.createRevision === expected.createRevision &&
      state.version === expected.version &&
      equalBytes(decodeKeyValue(store.row(state.modRevision, state.modSub)).value, expected.value);
    check(same, "I4", () => `${name} has another state of key ${key} after entry ${index}: ${JSON.stringify(state)}`);
  }

  /** Compares all that a store holds, as after a start or an installed snapshot. */
  checkAll(name: string, store: MvccStore, applied: LogIndex): void {
    this.#checkRevision(name, store, applied);
    this.#compare(name, store, store.revision, "I4");
    this.#checkPast(name, store, applied);
  }

  #compare(name: string, store: MvccStore, revision: number, invariant: string): void {
    const found = store.range({ ...everything, revision });
    const expected = this.#model.range("\0", "\0", revision);
    check(found.kind === "ok", invariant, () => `${name} cannot read revision ${revision}: ${found.kind}`);
    check(
      found.rows.length === expected.length,
      invariant,
      () => `${name} holds ${found.rows.length} keys at revision ${revision}, and ${expected.length} are right`,
    );
    for (const [i, row] of found.rows.entries()) {
      const kv = decodeKeyValue(row);
      const want = expected[i];
      const same =
        want !== undefined &&
        keyText(kv.key) === want.key &&
        kv.modRevision === want.version.modRevision &&
        kv.createRevision === want.version.createRevision &&
        kv.version === want.version.version &&
        equalBytes(kv.value, want.version.value);
      check(same, invariant, () => `${name} has another state of key ${keyText(kv.key)} at revision ${revision}`);
    }
  }
}
