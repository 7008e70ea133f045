import { invariant } from "@quorate/base";
import { lowerBound, placesOf } from "./key-order.ts";
import type { HistoryStart, StoredKeyValue } from "./operation.ts";

/** One state of a key, from `revision` on. */
interface Version {
  readonly revision: number;
  /** undefined: deleted. */
  readonly kv: StoredKeyValue | undefined;
  /** Two hashes of the whole, so that states can be told apart by sums of them. */
  readonly low: number;
  readonly high: number;
}

/** A point to which a {@link ModelStore} can be taken back. */
export interface StoreMark {
  readonly changes: number;
  readonly revision: number;
  readonly compactRevision: number;
}

function hashText(seed: number, text: string): number {
  let hash = seed;
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), 0x01000193);
  return Math.imul(hash ^ text.length ^ 0x5bd1e995, 0x85ebca6b);
}

function hashNumber(seed: number, number: number): number {
  const mixed = Math.imul(seed ^ (number | 0), 0xcc9e2d51) ^ Math.floor(number / 2 ** 32);
  return Math.imul((mixed << 13) | (mixed >>> 19), 0x1b873593);
}

function hashVersion(seed: number, key: string, revision: number, kv: StoredKeyValue | undefined): number {
  let hash = hashNumber(hashText(seed, key), revision);
  if (kv !== undefined) {
    hash = hashText(hashText(hash, kv.value), kv.lease);
    hash = hashNumber(hashNumber(hash, kv.createRevision), kv.version);
  }
  hash ^= hash >>> 15;
  return Math.imul(hash, 0x2c1b3c6d) ^ (hash >>> 12);
}

/**
 * The keys of the model: every version of every key, so that old revisions can be read and changes taken back.
 *
 * Whoever writes sets `revision` afterwards; until then a write belongs to `revision + 1`, as in a transaction.
 */
export class ModelStore {
  revision: number;
  compactRevision: number;
  readonly #keys: string[] = [];
  readonly #versions: Version[][] = [];
  readonly #places: Map<string, Version[]> = new Map();
  /** The version lists in the order in which they grew. */
  readonly #changed: Version[][] = [];
  readonly #hashPast: boolean;
  #low = 0;
  #high = 0;

  /** @param hashPast whether states with equal keys but another past are different: some operation reads the past. */
  constructor(start: HistoryStart, hashPast: boolean) {
    this.revision = start.revision;
    this.compactRevision = start.compactRevision;
    this.#hashPast = hashPast;
    for (const kv of start.kvs) this.#push(kv.key, kv.modRevision, kv);
    this.#changed.length = 0;
  }

  #listOf(key: string): Version[] {
    const known = this.#places.get(key);
    if (known !== undefined) return known;
    const at = lowerBound(this.#keys, key);
    const versions: Version[] = [];
    this.#keys.splice(at, 0, key);
    this.#versions.splice(at, 0, versions);
    this.#places.set(key, versions);
    return versions;
  }

  #push(key: string, revision: number, kv: StoredKeyValue | undefined): void {
    const versions = this.#listOf(key);
    const old = versions.at(-1);
    // What is deleted leaves no trace in the sum, unless the past counts too.
    const counts = this.#hashPast || kv !== undefined;
    const version: Version = {
      revision,
      kv,
      low: counts ? hashVersion(0x811c9dc5, key, revision, kv) : 0,
      high: counts ? hashVersion(0x3c6ef372, key, revision, kv) : 0,
    };
    if (!this.#hashPast && old !== undefined) this.#mix(old);
    this.#mix(version);
    versions.push(version);
    this.#changed.push(versions);
  }

  #mix(version: Version): void {
    this.#low ^= version.low;
    this.#high ^= version.high;
  }

  /** The newest state of a key, also of one that was written in the transaction under way. */
  get(key: string): StoredKeyValue | undefined {
    return this.#places.get(key)?.at(-1)?.kv;
  }

  /** The keys of a range that exist at a revision, in order; `undefined` is the newest state. */
  range(from: string, rangeEnd: string | undefined, revision?: number): StoredKeyValue[] {
    if (rangeEnd === undefined || rangeEnd === "") {
      const kv = versionAt(this.#places.get(from), revision)?.kv;
      return kv === undefined ? [] : [kv];
    }
    const { lo, hi } = placesOf(this.#keys, from, rangeEnd);
    const found: StoredKeyValue[] = [];
    for (let i = lo; i < hi; i++) {
      const kv = versionAt(this.#versions[i], revision)?.kv;
      if (kv !== undefined) found.push(kv);
    }
    return found;
  }

  /** The keys that are bound to a lease. */
  boundTo(lease: string): StoredKeyValue[] {
    return this.#versions
      .map((versions) => versions.at(-1)?.kv)
      .filter((kv) => kv?.lease === lease) as StoredKeyValue[];
  }

  put(key: string, value: string, lease: string): void {
    const revision = this.revision + 1;
    const old = this.get(key);
    this.#push(key, revision, {
      key,
      value,
      createRevision: old === undefined ? revision : old.createRevision,
      modRevision: revision,
      version: old === undefined ? 1 : old.version + 1,
      lease,
    });
  }

  delete(key: string): void {
    this.#push(key, this.revision + 1, undefined);
  }

  mark(): StoreMark {
    return { changes: this.#changed.length, revision: this.revision, compactRevision: this.compactRevision };
  }

  /** Takes everything back that came after `mark`. */
  undo(mark: StoreMark): void {
    invariant(mark.changes <= this.#changed.length, "the mark is newer than the store");
    while (this.#changed.length > mark.changes) {
      const versions = this.#changed.pop() as Version[];
      this.#mix(versions.pop() as Version);
      const old = versions.at(-1);
      if (!this.#hashPast && old !== undefined) this.#mix(old);
    }
    this.revision = mark.revision;
    this.compactRevision = mark.compactRevision;
  }

  /** Equal for equal states; different ones are as good as certain to differ. */
  fingerprint(): string {
    return `${this.revision},${this.compactRevision},${this.#low},${this.#high}`;
  }
}

function versionAt(versions: readonly Version[] | undefined, revision: number | undefined): Version | undefined {
  if (versions === undefined || revision === undefined) return versions?.at(-1);
  let low = 0;
  let high = versions.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((versions[middle] as Version).revision <= revision) low = middle + 1;
    else high = middle;
  }
  return versions[low - 1];
}
