import {
  emptyBytes,
  invariant,
  type LogIndex,
  type MemberId,
  noMember,
  SeededRandom,
  silentLogger,
} from "@quorate/base";
import { decodeConfChange, decodeConfChangeV2 } from "../codec/conf.ts";
import {
  type ConfState,
  type Entry,
  EntryType,
  type HardState,
  type InitialState,
  type Message,
  type RaftConfig,
  RawNode,
  type ReadState,
  type Ready,
  type Snapshot,
} from "../index.ts";

/** Settings of tests: small numbers, so that limits are met early. */
export type NodeOptions = Partial<Omit<RaftConfig, "id" | "snapshot">>;

/** What survives a crash. */
export interface TestDisk {
  hardState: HardState;
  snapshot: Snapshot;
  entries: Entry[];
}

export const emptyConf: ConfState = {
  voters: [],
  learners: [],
  votersOutgoing: [],
  learnersNext: [],
  autoLeave: false,
};

export const member = (id: number | bigint): MemberId => BigInt(id) as MemberId;

export function confOf(voters: readonly number[], learners: readonly number[] = []): ConfState {
  return { ...emptyConf, voters: voters.map(member), learners: learners.map(member) };
}

/** A disk that holds nothing but a configuration, as index 1 of term 1; an empty configuration waits for a snapshot. */
export function bootstrapDisk(confState: ConfState): TestDisk {
  const knowsGroup = confState.voters.length > 0;
  const at = knowsGroup ? 1 : 0;
  return {
    hardState: { term: at, vote: noMember, commit: at },
    snapshot: { data: emptyBytes, metadata: { confState, index: at, term: at } },
    entries: [],
  };
}

/** A batch on its way to the disk. */
interface Append {
  readonly ready: Ready;
}

/** One member with its disk and state machine, driven by hand: each effect happens when the test says so. */
export class TestNode {
  readonly id: MemberId;
  readonly disk: TestDisk;
  raw: RawNode;
  /** Batches that are not durable yet, oldest first. */
  readonly appends: Append[] = [];
  /** Batches that are not applied yet, oldest first. */
  readonly applies: (readonly Entry[])[] = [];
  readonly readStates: ReadState[] = [];
  /** Where the state machine is, and the configuration there. */
  applied: LogIndex;
  confState: ConfState;
  /** Called for each entry that is applied. */
  onEntry: (node: TestNode, entry: Entry) => void = () => undefined;
  /** Called with what leaves. */
  onSend: (messages: readonly Message[]) => void = () => undefined;
  readonly #options: NodeOptions;
  #starts = 0;

  constructor(id: MemberId, disk: TestDisk, options: NodeOptions) {
    this.id = id;
    this.disk = disk;
    this.#options = options;
    this.applied = disk.snapshot.metadata.index;
    this.confState = disk.snapshot.metadata.confState;
    this.raw = this.#start();
  }

  #start(): RawNode {
    const { index, term, confState } = this.disk.snapshot.metadata;
    this.applied = index;
    this.confState = confState;
    this.#starts += 1;
    const config: RaftConfig = {
      electionTicks: 10,
      heartbeatTicks: 1,
      random: new SeededRandom(Number(this.id) * 1000 + this.#starts),
      preVote: true,
      checkQuorum: true,
      sizePerMessageMax: 1024,
      inflightMessagesMax: 16,
      inflightBytesMax: 16 * 1024,
      uncommittedBytesMax: 64 * 1024,
      committedBytesPerReadyMax: 1024,
      stepDownOnRemoval: false,
      logger: silentLogger,
      ...this.#options,
      id: this.id,
      snapshot: () => this.makeSnapshot(),
    };
    return this.makeRaw(config, {
      hardState: this.disk.hardState,
      confState,
      snapshotIndex: index,
      snapshotTerm: term,
      entries: this.disk.entries,
      applied: index,
    });
  }

  /** Makes the core; replaced to watch it. */
  protected makeRaw(config: RaftConfig, initial: InitialState): RawNode {
    return new RawNode(config, initial);
  }

  /** Loses everything that is not durable and starts again. */
  restart(): void {
    this.appends.length = 0;
    this.applies.length = 0;
    this.readStates.length = 0;
    this.raw = this.#start();
  }

  /** A snapshot of the state machine as it is. */
  makeSnapshot(): Snapshot | undefined {
    const term = this.raw.termAt(this.applied);
    if (this.applied === 0 || term === undefined) return undefined;
    return { data: emptyBytes, metadata: { confState: this.confState, index: this.applied, term } };
  }

  /** Takes all batches that are ready; what may leave at once does. */
  drain(): void {
    while (this.raw.hasReady()) {
      const ready = this.raw.ready();
      if (ready.token > 0) this.appends.push({ ready });
      this.readStates.push(...ready.readStates);
      if (ready.committedEntries.length > 0) this.applies.push(ready.committedEntries);
      this.onSend(ready.messages);
    }
  }

  /** The oldest batch becomes durable. */
  finishAppend(): boolean {
    const append = this.appends.shift();
    if (append === undefined) return false;
    this.write(append.ready);
    this.onSend(this.raw.onAppended(append.ready.token));
    this.drain();
    return true;
  }

  /** Writes a batch to the disk, as a whole or (for torn writes) only parts of it. */
  write(ready: Pick<Ready, "snapshot" | "entries" | "hardState">): void {
    const { disk } = this;
    if (ready.snapshot !== undefined) {
      disk.snapshot = ready.snapshot;
      disk.entries = [];
      this.applied = ready.snapshot.metadata.index;
      this.confState = ready.snapshot.metadata.confState;
      this.applies.length = 0;
    }
    const [first] = ready.entries;
    if (first !== undefined) {
      disk.entries = disk.entries.filter((entry) => entry.index < first.index);
      const last = disk.entries.at(-1)?.index ?? disk.snapshot.metadata.index;
      invariant(first.index === last + 1, "the disk log has a hole", () => ({ first: first.index, last }));
      disk.entries.push(...ready.entries);
    }
    if (ready.hardState !== undefined) disk.hardState = ready.hardState;
  }

  /** The oldest committed batch is applied. */
  finishApply(): boolean {
    const entries = this.applies.shift();
    if (entries === undefined) return false;
    for (const entry of entries) {
      invariant(entry.index === this.applied + 1, "an entry was skipped or applied twice", () => ({ entry }));
      this.onEntry(this, entry);
      if (entry.type === EntryType.confChange) {
        this.confState = this.raw.applyConfChange(decodeConfChange(entry.data));
      } else if (entry.type === EntryType.confChangeV2) {
        this.confState = this.raw.applyConfChange(decodeConfChangeV2(entry.data));
      }
      // Only now: the core may ask for a snapshot while it applies a change, and that one must not claim the change.
      this.applied = entry.index;
    }
    this.raw.onApplied(this.applied);
    this.drain();
    return true;
  }

  /** Does all disk and state machine work there is. */
  work(): void {
    this.drain();
    for (let busy = true; busy; ) {
      const appended = this.finishAppend();
      busy = this.finishApply() || appended;
    }
  }

  /** Makes a snapshot durable and drops the log up to `keep` entries before it. */
  compact(keep = 0): void {
    const snapshot = this.makeSnapshot();
    const index = this.applied - keep;
    if (snapshot === undefined || index <= this.disk.snapshot.metadata.index) return;
    if (this.appends.some(({ ready }) => ready.snapshot !== undefined)) return;
    if (this.raw.applied < this.applied) return;
    this.disk.snapshot = snapshot;
    this.disk.entries = this.disk.entries.filter((entry) => entry.index > this.applied);
    this.raw.compact(index);
  }
}
