import { type KvErrorCode, leasepb } from "@quorate/api";
import { compareIds, emptyBytes, type LeaseId } from "@quorate/base";
import type { Change, LeasedKey } from "@quorate/mvcc";
import type { Table } from "./ports.ts";

const noLease = 0n as LeaseId;

/** Longest life that may be asked for, in seconds. */
export const leaseTtlSecondsMax = 9_000_000_000;

/** A lease as every member knows it. When it ends is the leader's business and nowhere written. */
export interface LeaseState {
  readonly id: LeaseId;
  /** As granted: never below this member's minimum. */
  readonly ttlSeconds: number;
  /** What was left of it at the last checkpoint; 0 means all of it. */
  readonly remainingTtlSeconds: number;
}

interface Lease extends LeaseState {
  remainingTtlSeconds: number;
  /** Attached keys, each byte a character. */
  readonly keys: Set<string>;
}

/** Arguments that one call may take. */
const charactersPerCall = 4096;

/** One character per byte, so that the order of texts is the order of keys. */
function textOf(key: Uint8Array): string {
  if (key.length <= charactersPerCall) return String.fromCharCode.apply(undefined, key as unknown as number[]);
  let text = "";
  for (let at = 0; at < key.length; at += charactersPerCall) text += textOf(key.subarray(at, at + charactersPerCall));
  return text;
}

function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < text.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

/** The row key of a lease: eight bytes, the highest first. */
function rowKey(id: LeaseId): Uint8Array {
  const key = new Uint8Array(8);
  new DataView(key.buffer).setBigInt64(0, id);
  return key;
}

/**
 * Leases and the keys attached to them: the `lease` bucket, mirrored in memory.
 *
 * Only what all members agree on is kept here: which leases there are, how long they were granted for, and their
 * keys. Keys are not stored with the lease; each key's newest row names it.
 */
export class Leases {
  readonly #table: Table;
  readonly #ttlSecondsMin: number;
  readonly #leases: Map<LeaseId, Lease> = new Map();
  /** The lease of each attached key. */
  readonly #leaseOfKey: Map<string, Lease> = new Map();

  /** @param ttlSecondsMin shorter lives are raised to this one. */
  constructor(table: Table, ttlSecondsMin: number) {
    this.#table = table;
    this.#ttlSecondsMin = ttlSecondsMin;
    table.range(emptyBytes, undefined, (_key, row) => {
      const { id, ttl, remainingTtl } = leasepb.decodeLease(row);
      this.#add(id, Math.max(ttl, ttlSecondsMin), remainingTtl);
      return true;
    });
  }

  #add(id: LeaseId, ttlSeconds: number, remainingTtlSeconds: number): Lease {
    const lease: Lease = { id, ttlSeconds, remainingTtlSeconds, keys: new Set() };
    this.#leases.set(id, lease);
    return lease;
  }

  #write({ id, ttlSeconds, remainingTtlSeconds }: Lease): void {
    this.#table.put(rowKey(id), leasepb.encodeLease({ id, ttl: ttlSeconds, remainingTtl: remainingTtlSeconds }));
  }

  get size(): number {
    return this.#leases.size;
  }

  has(id: LeaseId): boolean {
    return this.#leases.has(id);
  }

  get(id: LeaseId): LeaseState | undefined {
    return this.#leases.get(id);
  }

  /** All leases by id. */
  list(): LeaseState[] {
    return [...this.#leases.values()].sort((a, b) => compareIds(a.id, b.id));
  }

  /** The keys of a lease in their order; none when it is unknown. */
  keysOf(id: LeaseId): Uint8Array[] {
    const keys = this.#leases.get(id)?.keys;
    return keys === undefined ? [] : [...keys].sort().map(bytesOf);
  }

  /** The lease of a living key; 0 when it has none. */
  leaseOfKey(key: Uint8Array): LeaseId {
    return this.#leaseOfKey.size === 0 ? noLease : (this.#leaseOfKey.get(textOf(key))?.id ?? noLease);
  }

  /** Grants a lease, or says why not; a life below the minimum is raised. */
  grant(id: LeaseId, ttlSeconds: number): LeaseState | KvErrorCode {
    if (id === noLease) return "leaseNotFound";
    if (ttlSeconds > leaseTtlSecondsMax) return "leaseTtlTooLarge";
    if (this.#leases.has(id)) return "leaseExist";
    const lease = this.#add(id, Math.max(ttlSeconds, this.#ttlSecondsMin), 0);
    this.#write(lease);
    return lease;
  }

  /** Forgets a lease. Its keys must have been deleted before. */
  remove(id: LeaseId): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    for (const key of lease.keys) this.#leaseOfKey.delete(key);
    this.#leases.delete(id);
    this.#table.delete(rowKey(id));
  }

  /**
   * Notes what is left of a lease; an unknown one is passed over.
   *
   * @param persist false in clusters whose members may not know the field: then it is only remembered.
   */
  checkpoint(id: LeaseId, remainingTtlSeconds: number, persist: boolean): void {
    const lease = this.#leases.get(id);
    if (lease === undefined) return;
    lease.remainingTtlSeconds = remainingTtlSeconds;
    if (persist) this.#write(lease);
  }

  /** Attaches the keys that were found when the store was rebuilt. Returns those whose lease is not there. */
  attachAll(keys: Iterable<LeasedKey>): LeasedKey[] {
    const orphans: LeasedKey[] = [];
    for (const found of keys) {
      const lease = this.#leases.get(found.lease);
      if (lease === undefined) orphans.push(found);
      else this.#attach(lease, textOf(found.key));
    }
    return orphans;
  }

  #attach(lease: Lease, key: string): void {
    lease.keys.add(key);
    this.#leaseOfKey.set(key, lease);
  }

  /** Follows the changes of a transaction: a key belongs to the lease of its newest row, and to none when deleted. */
  onChanges(changes: readonly Change[]): void {
    for (const change of changes) {
      // Most keys have no lease: a new one is not looked for, and where none has a lease nobody pays for looking.
      if (change.lease === noLease && (change.prevRevision === 0 || this.#leaseOfKey.size === 0)) continue;
      const key = textOf(change.key);
      const before = this.#leaseOfKey.get(key);
      if (before !== undefined && before.id !== change.lease) {
        before.keys.delete(key);
        this.#leaseOfKey.delete(key);
      }
      const lease = change.lease === noLease ? undefined : this.#leases.get(change.lease);
      if (lease !== undefined && lease !== before) this.#attach(lease, key);
    }
  }
}
