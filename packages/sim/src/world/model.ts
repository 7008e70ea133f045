import {
  type Compare,
  CompareResult,
  CompareTarget,
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeTxnRequest,
  type DeleteRangeRequest,
  type PutRequest,
  type RequestOp,
  type TxnRequest,
} from "@quorate/api";
import { compareBytes, emptyBytes, type LogIndex } from "@quorate/base";
import { parseRaftRequest, RequestKind } from "@quorate/state";
import type { LedgerEntry } from "./ledger.ts";

/** A key at one of its revisions. */
export interface ModelVersion {
  readonly modRevision: number;
  readonly createRevision: number;
  /** 0: deleted. */
  readonly version: number;
  readonly value: Uint8Array;
}

/** Keys as text, one character a byte. */
export function keyText(bytes: Uint8Array): string {
  let text = "";
  for (let i = 0; i < bytes.length; i++) text += String.fromCharCode(bytes[i] as number);
  return text;
}

/** What one committed entry did to the keys. */
interface Effect {
  readonly revision: number;
  readonly compactRevision: number;
  readonly keys: readonly string[];
}

const noKeys: readonly string[] = [];

/**
 * What the key-value state must be, by revision and by log index: the committed entries executed the simple way, all
 * versions kept. It shares the decoding of requests with the members, and nothing else.
 */
export class Model {
  revision = 1;
  compactRevision = -1;
  readonly #keys: Map<string, ModelVersion[]> = new Map();
  readonly #sorted: string[] = [];
  readonly #effects: Effect[] = [{ revision: 1, compactRevision: -1, keys: noKeys }];
  /** How often each value was written. */
  readonly values: Map<string, number> = new Map();
  #touched: string[] = [];

  /** The highest index that was executed. */
  get index(): LogIndex {
    return this.#effects.length - 1;
  }

  revisionAt(index: LogIndex): number {
    return (this.#effects[index] as Effect).revision;
  }

  compactRevisionAt(index: LogIndex): number {
    return (this.#effects[index] as Effect).compactRevision;
  }

  /** The keys that the entry changed. */
  changedBy(index: LogIndex): readonly string[] {
    return (this.#effects[index] as Effect).keys;
  }

  /** All keys that ever were, in order. */
  get keys(): readonly string[] {
    return this.#sorted;
  }

  /** Executes the next committed entry. */
  commit(entry: LedgerEntry): void {
    this.#touched = [];
    if (entry.type === 0 && entry.data.length > 0) this.#execute(entry.data);
    const { revision, compactRevision } = this;
    this.#effects.push({ revision, compactRevision, keys: this.#touched.length === 0 ? noKeys : this.#touched });
  }

  #execute(data: Uint8Array): void {
    const { kind, body } = parseRaftRequest(data);
    const next = this.revision + 1;
    if (kind === RequestKind.put) {
      this.#put(decodePutRequest(body), next);
      this.revision = next;
    } else if (kind === RequestKind.deleteRange) {
      if (this.#delete(decodeDeleteRangeRequest(body), next) > 0) this.revision = next;
    } else if (kind === RequestKind.txn) {
      this.#txn(decodeTxnRequest(body), next);
      if (this.#touched.length > 0) this.revision = next;
    } else if (kind === RequestKind.compaction) {
      const { revision } = decodeCompactionRequest(body);
      if (revision > this.compactRevision && revision <= this.revision) this.compactRevision = revision;
    }
  }

  /** The newest version of a key at `revision`, undefined when it never was; it may be a deletion. */
  at(key: string, revision: number): ModelVersion | undefined {
    const versions = this.#keys.get(key);
    if (versions === undefined) return undefined;
    for (let i = versions.length - 1; i >= 0; i--) {
      const version = versions[i] as ModelVersion;
      if (version.modRevision <= revision) return version;
    }
    return undefined;
  }

  /** Keys in `[from, to)` that exist at `revision`, in order. `to` empty: `from` alone. */
  range(from: string, to: string, revision: number): { readonly key: string; readonly version: ModelVersion }[] {
    const found: { readonly key: string; readonly version: ModelVersion }[] = [];
    for (const key of this.#within(from, to)) {
      const version = this.at(key, revision);
      if (version !== undefined && version.version > 0) found.push({ key, version });
    }
    return found;
  }

  #within(from: string, to: string): readonly string[] {
    if (to === "") return this.#keys.has(from) ? [from] : noKeys;
    return this.#sorted.filter((key) => key >= from && (to === "\0" || key < to));
  }

  #set(key: string, version: ModelVersion): void {
    const versions = this.#keys.get(key);
    this.#touched.push(key);
    if (versions === undefined) {
      this.#keys.set(key, [version]);
      const at = this.#sorted.findIndex((other) => other > key);
      this.#sorted.splice(at < 0 ? this.#sorted.length : at, 0, key);
    } else if ((versions[versions.length - 1] as ModelVersion).modRevision === version.modRevision) {
      versions[versions.length - 1] = version;
    } else versions.push(version);
  }

  #put(request: PutRequest, revision: number): void {
    const key = keyText(request.key);
    const before = this.at(key, revision);
    const isNew = before === undefined || before.version === 0;
    const value = request.ignoreValue && before !== undefined ? before.value : request.value;
    const text = keyText(request.value);
    this.values.set(text, (this.values.get(text) ?? 0) + 1);
    this.#set(key, {
      modRevision: revision,
      createRevision: isNew ? revision : before.createRevision,
      version: isNew ? 1 : before.version + 1,
      value,
    });
  }

  #delete(request: DeleteRangeRequest, revision: number): number {
    const found = this.range(keyText(request.key), keyText(request.rangeEnd), revision);
    for (const { key } of found) {
      this.#set(key, { modRevision: revision, createRevision: 0, version: 0, value: emptyBytes });
    }
    return found.length;
  }

  /** All comparisons of the tree are made on the state before it; then the chosen branches run in order. */
  #txn(request: TxnRequest, revision: number): void {
    const run: RequestOp[] = [];
    const choose = (txn: TxnRequest): void => {
      const holds = txn.compare.every((compare) => this.#holds(compare));
      for (const op of holds ? txn.success : txn.failure) {
        if (op.requestTxn === undefined) run.push(op);
        else choose(op.requestTxn);
      }
    };
    choose(request);
    for (const op of run) {
      if (op.requestPut !== undefined) this.#put(op.requestPut, revision);
      else if (op.requestDeleteRange !== undefined) this.#delete(op.requestDeleteRange, revision);
    }
  }

  #holds(compare: Compare): boolean {
    const version = this.at(keyText(compare.key), this.revision);
    const exists = version !== undefined && version.version > 0;
    let order: number;
    if (compare.target === CompareTarget.VALUE) {
      if (!exists) return false;
      order = compareBytes(version.value, compare.value ?? emptyBytes);
    } else if (compare.target === CompareTarget.MOD) {
      order = (exists ? version.modRevision : 0) - (compare.modRevision ?? 0);
    } else if (compare.target === CompareTarget.CREATE) {
      order = (exists ? version.createRevision : 0) - (compare.createRevision ?? 0);
    } else order = (exists ? version.version : 0) - (compare.version ?? 0);
    if (compare.result === CompareResult.EQUAL) return order === 0;
    if (compare.result === CompareResult.NOT_EQUAL) return order !== 0;
    return compare.result === CompareResult.GREATER ? order > 0 : order < 0;
  }
}
