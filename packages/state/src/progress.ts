import {
  compareIds,
  invariant,
  type LogIndex,
  type MemberId,
  type Term,
  toMemberId,
  utf8Decode,
  utf8Encode,
} from "@quorate/base";
import type { ConfState } from "@quorate/raft";
import type { Table } from "./ports.ts";

const indexKey = utf8Encode("consistent_index");
const termKey = utf8Encode("term");
const confStateKey = utf8Encode("confState");
const storageVersionKey = utf8Encode("storageVersion");

function fromU64(bytes: Uint8Array | undefined): number {
  if (bytes === undefined || bytes.length !== 8) return 0;
  return Number(new DataView(bytes.buffer, bytes.byteOffset, 8).getBigUint64(0));
}

function toU64(value: number): Uint8Array {
  const view = new DataView(new ArrayBuffer(8));
  view.setUint32(0, Math.floor(value / 0x100000000));
  view.setUint32(4, value >>> 0);
  return new Uint8Array(view.buffer);
}

/**
 * How far the database is: index and term of the last applied entry and raft's configuration after it, in the `meta`
 * bucket. In memory it moves with each entry; `write` puts it into the transaction that is about to be committed.
 */
export class Progress {
  readonly #meta: Table;
  #index: LogIndex;
  #term: Term;
  #written: LogIndex;
  #confState: ConfState | undefined;
  #confStateDirty = false;
  #storageVersion: string;
  #storageVersionDirty = false;

  constructor(meta: Table) {
    this.#meta = meta;
    this.#index = fromU64(meta.get(indexKey));
    this.#term = fromU64(meta.get(termKey));
    this.#written = this.#index;
    const conf = meta.get(confStateKey);
    this.#confState = conf === undefined ? undefined : parseConfState(utf8Decode(conf));
    const version = meta.get(storageVersionKey);
    this.#storageVersion = version === undefined ? "" : utf8Decode(version);
  }

  get index(): LogIndex {
    return this.#index;
  }

  get term(): Term {
    return this.#term;
  }

  /** Undefined in databases of 3.4 and in new ones. */
  get confState(): ConfState | undefined {
    return this.#confState;
  }

  /** The schema's version, as `3.6.0`; empty when it is not known. */
  get storageVersion(): string {
    return this.#storageVersion;
  }

  advance(index: LogIndex, term: Term): void {
    invariant(index > this.#index, "the consistent index only grows", () => ({ from: this.#index, to: index }));
    this.#index = index;
    this.#term = term;
  }

  setConfState(confState: ConfState): void {
    this.#confState = confState;
    this.#confStateDirty = true;
  }

  setStorageVersion(version: string): void {
    if (version === this.#storageVersion) return;
    this.#storageVersion = version;
    this.#storageVersionDirty = true;
  }

  /** Writes what changed into the current batch; called by the backend just before it commits. */
  write(): void {
    if (this.#index !== this.#written) {
      this.#meta.put(indexKey, toU64(this.#index));
      if (this.#term > 0) this.#meta.put(termKey, toU64(this.#term));
      this.#written = this.#index;
    }
    if (this.#confStateDirty && this.#confState !== undefined) {
      this.#meta.put(confStateKey, utf8Encode(confStateJson(this.#confState)));
      this.#confStateDirty = false;
    }
    if (this.#storageVersionDirty) {
      this.#meta.put(storageVersionKey, utf8Encode(this.#storageVersion));
      this.#storageVersionDirty = false;
    }
  }
}

/** The JSON form of a configuration; empty lists are left out, `auto_leave` is always there. */
export function confStateJson(confState: ConfState): string {
  const parts: string[] = [];
  const add = (key: string, ids: readonly MemberId[]): void => {
    if (ids.length > 0) parts.push(`"${key}":[${ids.join(",")}]`);
  };
  add("voters", confState.voters);
  add("learners", confState.learners);
  add("voters_outgoing", confState.votersOutgoing);
  add("learners_next", confState.learnersNext);
  parts.push(`"auto_leave":${confState.autoLeave}`);
  return `{${parts.join(",")}}`;
}

/** Parses that form. Ids are read from the text, since `JSON.parse` would round them. */
export function parseConfState(text: string): ConfState {
  const ids = (key: string): MemberId[] => {
    const list = new RegExp(`"${key}"\\s*:\\s*\\[([^\\]]*)\\]`).exec(text);
    const numbers = list?.[1]?.match(/\d+/g) ?? [];
    return numbers.map((digits) => toMemberId(BigInt(digits))).sort(compareIds);
  };
  return {
    voters: ids("voters"),
    learners: ids("learners"),
    votersOutgoing: ids("voters_outgoing"),
    learnersNext: ids("learners_next"),
    autoLeave: /"auto_leave"\s*:\s*true/.test(text),
  };
}
