import {
  emptyBytes,
  invariant,
  type LogIndex,
  type MemberId,
  noMember,
  type Random,
  silentLogger,
} from "@quorate/base";
import {
  type ConfState,
  decodeConfChange,
  decodeConfChangeV2,
  type Entry,
  EntryType,
  type HardState,
  type Message,
  RawNode,
  type Ready,
  type Snapshot,
} from "@quorate/raft";
import type { ScheduleConfig } from "./commands.ts";

/** What survives a crash. */
export interface Disk {
  hardState: HardState;
  snapshot: Snapshot;
  entries: readonly Entry[];
}

export const emptyConf: ConfState = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

export function newSnapshot(index: LogIndex, term: number, confState: ConfState): Snapshot {
  return { data: emptyBytes, metadata: { confState, index, term } };
}

/** The election timeouts that a member draws, as `cluster.go` does. */
class Timeouts implements Random {
  last = 0;
  #count = 0;
  readonly #seed: number;
  readonly #id: number;

  constructor(seed: number, id: MemberId) {
    this.#seed = seed;
    this.#id = Number(BigInt.asUintN(32, id));
  }

  below(bound: number): number {
    let x = (this.#seed + Math.imul(this.#id, 0x9e3779b1) + Math.imul(this.#count, 0x85ebca77)) | 0;
    x = Math.imul(x ^ (x >>> 16), 0x7feb352d);
    x = Math.imul(x ^ (x >>> 15), 0x846ca68b);
    this.#count += 1;
    this.last = ((x ^ (x >>> 16)) >>> 0) % bound;
    return this.last;
  }

  u64(): bigint {
    throw new Error("the core draws election timeouts and nothing else");
  }
}

/** How a member loses its memory, and what of its disk. */
export interface Crash {
  /** Pending batches that were written whole. */
  readonly full: number;
  /** One more than the entries of the next batch that were written, without its hard state; 0: none of it was. */
  readonly torn: number;
  readonly keepApplied: boolean;
  /** Entries lost that were durable. */
  readonly lost: number;
  /** Whether the hard state remembers them. */
  readonly keepCommit: boolean;
}

/** One member with its disk and state machine; each effect happens when a command says so. `node.go` is its twin. */
export class Node {
  readonly id: MemberId;
  readonly disk: Disk;
  raw: RawNode;
  /** Batches on their way, oldest first. */
  appends: Ready[] = [];
  applies: (readonly Entry[])[] = [];
  /** Where the state machine is, and the configuration there. */
  applied: LogIndex = 0;
  #conf: ConfState = emptyConf;
  /** An entry was applied after a snapshot had replaced it, so `#conf` does not belong to `applied`. */
  #confAhead = false;
  snapshots = true;
  /** The core threw; only a restart helps. */
  stopped = false;
  readonly #config: ScheduleConfig;
  readonly #voidId: MemberId;
  readonly #timeouts: Timeouts;

  constructor(id: MemberId, disk: Disk, config: ScheduleConfig, voidId: MemberId) {
    this.id = id;
    this.disk = disk;
    this.#config = config;
    this.#voidId = voidId;
    this.#timeouts = new Timeouts(config.seed, id);
    this.raw = this.#start(0, emptyConf);
  }

  get timeout(): number {
    return this.#config.electionTicks + this.#timeouts.last;
  }

  #start(applied: LogIndex, conf: ConfState): RawNode {
    const { index, term, confState } = this.disk.snapshot.metadata;
    const kept = applied > index;
    this.applied = kept ? applied : index;
    this.#conf = kept ? conf : confState;
    this.#confAhead = false;
    this.appends = [];
    this.applies = [];
    const { flags, ...c } = this.#config;
    const raw = new RawNode(
      {
        id: this.id,
        electionTicks: c.electionTicks,
        heartbeatTicks: c.heartbeatTicks,
        random: this.#timeouts,
        preVote: (flags & 1) !== 0,
        checkQuorum: (flags & 2) !== 0,
        stepDownOnRemoval: (flags & 4) !== 0,
        disableProposalForwarding: (flags & 8) !== 0,
        sizePerMessageMax: c.sizePerMessage,
        inflightMessagesMax: c.inflightMessages,
        inflightBytesMax: c.inflightBytes,
        uncommittedBytesMax: c.uncommitted,
        committedBytesPerReadyMax: c.committedPerReady,
        logger: silentLogger,
        snapshot: () => (this.snapshots ? this.#makeSnapshot() : undefined),
      },
      {
        hardState: this.disk.hardState,
        confState: this.#conf,
        snapshotIndex: index,
        snapshotTerm: term,
        entries: this.disk.entries,
        applied: this.applied,
      },
    );
    this.stopped = false;
    return raw;
  }

  #makeSnapshot(): Snapshot | undefined {
    const term = this.raw.termAt(this.applied);
    return this.applied === 0 || term === undefined ? undefined : newSnapshot(this.applied, term, this.#conf);
  }

  ready(): Ready {
    const ready = this.raw.ready();
    if (ready.token > 0) this.appends.push(ready);
    if (ready.committedEntries.length > 0) this.applies.push(ready.committedEntries);
    return ready;
  }

  /** Puts a batch on the disk, or the first `entries` of it without the hard state behind them (a torn write). */
  #write(ready: Ready, entries: readonly Entry[], torn: boolean): void {
    const { disk } = this;
    if (ready.snapshot !== undefined) {
      disk.snapshot = ready.snapshot;
      disk.entries = [];
      this.applied = ready.snapshot.metadata.index;
      this.#conf = ready.snapshot.metadata.confState;
      this.#confAhead = false;
    }
    const [first] = entries;
    if (first !== undefined) {
      const keep = first.index - disk.snapshot.metadata.index - 1;
      invariant(keep >= 0 && keep <= disk.entries.length, "the disk log has a hole");
      disk.entries = [...disk.entries.slice(0, keep), ...entries];
    }
    if (!torn && ready.hardState !== undefined) disk.hardState = ready.hardState;
  }

  /** Makes the oldest batch durable and returns what waited for that. */
  finishAppend(ready: Ready): readonly Message[] {
    this.#write(ready, ready.entries, false);
    if (ready.snapshot !== undefined) this.applies = [];
    return this.raw.onAppended(ready.token);
  }

  /** Applies the oldest batch. */
  finishApply(entries: readonly Entry[]): void {
    for (const entry of entries) {
      invariant(entry.index === this.applied + 1, "an entry was skipped or applied twice", () => ({ entry }));
      if (this.raw.firstIndex > entry.index) this.#confAhead = true;
      this.#applyEntry(entry);
      this.applied = entry.index;
    }
    this.raw.onApplied(this.applied);
  }

  #applyEntry({ type, data }: Entry): void {
    if (type === EntryType.confChange) {
      const change = decodeConfChange(data);
      this.#conf = this.raw.applyConfChange(change.nodeId === this.#voidId ? "none" : change);
    } else if (type === EntryType.confChangeV2) {
      this.#conf = this.raw.applyConfChange(decodeConfChangeV2(data));
    }
  }

  /** Makes a snapshot durable and drops the log up to `keep` entries before it. */
  compact(keep: number): void {
    const { disk } = this;
    const snapshot = this.#makeSnapshot();
    const index = this.applied - keep;
    if (snapshot === undefined || index <= disk.snapshot.metadata.index) return;
    if (this.appends.some((ready) => ready.snapshot !== undefined)) return;
    if (this.raw.applied < this.applied) return;
    const dropped = this.applied - disk.snapshot.metadata.index;
    invariant(dropped <= disk.entries.length, "what was applied is not durable");
    disk.entries = disk.entries.slice(dropped);
    disk.snapshot = snapshot;
    this.raw.compact(index);
  }

  crash({ full, torn, keepApplied, lost, keepCommit }: Crash): void {
    const { disk } = this;
    const pending = this.appends;
    for (const ready of pending.slice(0, full)) this.#write(ready, ready.entries, false);
    const next = pending[full];
    if (next !== undefined && torn > 0) this.#write(next, next.entries.slice(0, torn - 1), true);
    if (lost > 0) {
      disk.entries = disk.entries.slice(0, Math.max(0, disk.entries.length - lost));
      const last = disk.snapshot.metadata.index + disk.entries.length;
      if (!keepCommit) disk.hardState = { ...disk.hardState, commit: Math.min(disk.hardState.commit, last) };
    }
    const keeps = keepApplied && !this.#confAhead;
    this.raw = keeps ? this.#start(this.applied, this.#conf) : this.#start(0, emptyConf);
  }
}

/** A disk that holds a configuration and nothing else; an empty one waits for a snapshot. */
export function newDisk(confState: ConfState): Disk {
  const at = confState.voters.length > 0 ? 1 : 0;
  return { hardState: { term: at, vote: noMember, commit: at }, snapshot: newSnapshot(at, at, confState), entries: [] };
}
