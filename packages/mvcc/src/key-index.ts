import { invariant } from "@quorate/base";
import { WordColumn } from "./columns.ts";
import { KeyArena, type KeyOwner } from "./key-arena.ts";
import { KeyTree } from "./key-tree.ts";
import { RevisionTable } from "./revision-table.ts";
import { deadBit, NodeKeys, slotMask } from "./tree-node.ts";

/** Takes the revisions whose rows a compaction lets go. */
export interface DroppedRevisions {
  drop(main: number, sub: number, tombstone: boolean): void;
}

/** Stretches of the key index have a start and an end; an undefined end means "to the last key". */
export type KeyEnd = Uint8Array | undefined;

/**
 * From key to revisions, in order of keys, without an object per key. A key is known by its *slot*, which is also its
 * newest revision in `records`; older revisions hang behind it until a compaction drops them.
 *
 * Worked example: put a (2), put a (4), delete a (6) leaves one slot {6, tombstone} → {4, version 2} → {2, version 1}.
 * `at(slot, 5)` is the record of 4; compaction at 5 drops 2; compaction at 6 drops 4; a later one drops the key.
 */
export class KeyIndex implements KeyOwner {
  readonly records: RevisionTable = new RevisionTable();
  readonly arena: KeyArena = new KeyArena(this);
  readonly tree: KeyTree = new KeyTree(new NodeKeys(this.records, this.arena));
  /** Slots with more than one revision or a tombstone: all that a compaction has to look at. */
  readonly #listed: WordColumn = new WordColumn();
  /** Next slot of the list that the running compaction looks at, and how many before it stay listed. */
  #compactAt = 0;
  #compactKept = 0;
  /** The highest main revision that was written; reads at or above it see the newest records only. */
  newestMain = 0;

  /** Bytes held for keys, revisions and order. */
  get byteSize(): number {
    return this.records.byteSize + this.arena.byteSize + this.tree.byteSize;
  }

  onKeyMoved(slot: number, ref: number): void {
    this.records.setKeyRef(slot, ref);
  }

  /** Returns the slot of a key, 0 when the index does not know it; its newest revision may be a tombstone. */
  find(key: Uint8Array): number {
    this.tree.search(key);
    return this.tree.found ? this.tree.entryHere() & slotMask : 0;
  }

  /** Returns the newest record of a slot with a main revision of at most `revision`, 0 when there is none. */
  at(slot: number, revision: number): number {
    let id = slot;
    while (id !== 0 && this.records.main(id) > revision) id = this.records.older(id);
    return id;
  }

  /** Returns a copy of a slot's key. */
  keyOf(slot: number): Uint8Array {
    return this.arena.copy(this.records.keyRef(slot));
  }

  /**
   * Records a put as the newest revision of `key`.
   *
   * @returns the slot; the record behind it (`records.older`) tells what the put replaced.
   */
  put(key: Uint8Array, main: number, sub: number): number {
    this.newestMain = main;
    const { tree, records } = this;
    tree.search(key);
    if (!tree.found) return this.#addHere(key, main, sub, main, 1, false);
    const entry = tree.entryHere();
    const slot = entry & slotMask;
    records.push(slot);
    this.#list(slot);
    if (entry >= deadBit) {
      records.set(slot, main, sub, main, 1);
      tree.markHere(false);
    } else {
      records.set(slot, main, sub, records.createRevision(slot), records.version(slot) + 1);
    }
    return slot;
  }

  /** Records a tombstone as the newest revision of a living key. */
  remove(key: Uint8Array, main: number, sub: number): void {
    this.newestMain = main;
    this.tree.search(key);
    invariant(this.tree.found, "a key to delete is not in the index");
    const entry = this.tree.entryHere();
    invariant(entry < deadBit, "a key to delete is deleted already");
    this.records.push(entry);
    this.records.setTombstone(entry, main, sub);
    this.#list(entry);
    this.tree.markHere(true);
  }

  /** Takes a row in while the index is rebuilt; rows come in order of revisions. Returns the slot. */
  restore(
    key: Uint8Array,
    main: number,
    sub: number,
    createRevision: number,
    version: number,
    tombstone: boolean,
  ): number {
    this.newestMain = main;
    const { tree, records } = this;
    tree.search(key);
    if (!tree.found) return this.#addHere(key, main, sub, createRevision, version, tombstone);
    const entry = tree.entryHere();
    const slot = entry & slotMask;
    records.push(slot);
    this.#list(slot);
    if (tombstone) records.setTombstone(slot, main, sub);
    else records.set(slot, main, sub, createRevision, version);
    if (entry >= deadBit !== tombstone) tree.markHere(tombstone);
    return slot;
  }

  #addHere(
    key: Uint8Array,
    main: number,
    sub: number,
    createRevision: number,
    version: number,
    tombstone: boolean,
  ): number {
    const slot = this.records.add(main, sub, createRevision, version);
    this.records.setKeyRef(slot, this.arena.store(slot, key));
    if (tombstone) {
      this.records.setTombstone(slot, main, sub);
      this.#list(slot);
    }
    this.tree.insertHere(tombstone ? (slot | deadBit) >>> 0 : slot);
    return slot;
  }

  #list(slot: number): void {
    if (this.records.isListed(slot)) return;
    this.records.setListed(slot, true);
    this.#listed.push(slot);
  }

  /** Counts the keys without tombstone in `[from, to)` at the newest revision, by two descents. */
  countLive(from: Uint8Array, to: KeyEnd): number {
    const { tree } = this;
    tree.search(from);
    const before = tree.rankHere();
    if (to === undefined) return tree.live - before;
    tree.search(to);
    return Math.max(0, tree.rankHere() - before);
  }

  /** Starts a compaction at the first listed key. */
  startCompaction(): void {
    this.#compactAt = 0;
    this.#compactKept = 0;
  }

  /**
   * Drops what a compaction to `revision` does not keep: of each key all revisions before the newest one at or below
   * it, and that one too when it is a tombstone from before `revision` (one exactly at `revision` stays, as in etcd
   * from 3.4.34, 3.5.16 and 3.6 on).
   *
   * @param budget how many records to look at, about.
   * @returns false when there is more to do.
   */
  compactSome(revision: number, budget: number, dropped: DroppedRevisions): boolean {
    const list = this.#listed;
    let left = budget;
    while (left > 0 && this.#compactAt < list.length) {
      const slot = list.at(this.#compactAt++);
      left -= this.#compactKey(slot, revision, dropped);
    }
    if (this.#compactAt < list.length) return false;
    list.truncate(this.#compactKept);
    return true;
  }

  /** Compacts one key; returns how many records it looked at. */
  #compactKey(slot: number, revision: number, dropped: DroppedRevisions): number {
    const { records } = this;
    let seen = 1;
    let newer = 0;
    let kept = slot;
    while (kept !== 0 && records.main(kept) > revision) {
      newer = kept;
      kept = records.older(kept);
      seen += 1;
    }
    let first = kept === 0 ? 0 : records.older(kept);
    if (kept !== 0 && records.isTombstone(kept) && records.main(kept) < revision) {
      if (newer === 0) {
        this.#forget(slot, dropped);
        return seen + this.#dropChain(first, dropped);
      }
      first = kept;
      kept = newer;
    }
    if (first !== 0) {
      records.setOlder(kept, 0);
      seen += this.#dropChain(first, dropped);
    }
    if (records.older(slot) !== 0 || records.isTombstone(slot)) this.#listed.set(this.#compactKept++, slot);
    else records.setListed(slot, false);
    return seen;
  }

  #dropChain(first: number, dropped: DroppedRevisions): number {
    const { records } = this;
    let count = 0;
    for (let id = first; id !== 0; count++) {
      dropped.drop(records.main(id), records.sub(id), records.isTombstone(id));
      const older = records.older(id);
      records.release(id);
      id = older;
    }
    return count;
  }

  /** Removes a key whose newest revision is a tombstone that nobody can read any more. */
  #forget(slot: number, dropped: DroppedRevisions): void {
    const { records, tree } = this;
    dropped.drop(records.main(slot), records.sub(slot), true);
    tree.search(this.keyOf(slot));
    invariant(tree.found && tree.entryHere() === (slot | deadBit) >>> 0, "a dead key is not in its place");
    tree.removeHere();
    this.arena.release(records.keyRef(slot));
    records.release(slot);
  }
}
