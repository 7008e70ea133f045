import { KvError, type KvErrorCode } from "@quorate/api";
import { type Clock, CorruptError, type LogIndex, type Logger, Slice, type Term } from "@quorate/base";
import {
  type ConfChange,
  type ConfChangeV2,
  ConfChangeType,
  type ConfState,
  decodeConfChange,
  decodeConfChangeV2,
  EntryType,
  type Entry,
} from "@quorate/raft";
import {
  type MembershipChange,
  type MembershipEffect,
  type Outcome,
  parseMemberJson,
  parseRaftRequest,
  type RaftRequest,
  type StateMachine,
} from "@quorate/state";
import type { Waiter } from "./waiters.ts";

/** What a change of members came to, for whoever proposed it. */
export type ChangeOutcome = { readonly refused: KvErrorCode } | { readonly refused: undefined };

/** Whom the applier tells. */
export interface ApplierSink {
  /** The waiter of a request, if this member proposed it and still waits. */
  takeWaiter(origin: number, serial: number): Waiter<Outcome> | undefined;
  takeChangeWaiter(id: bigint): { settle(outcome: ChangeOutcome): void } | undefined;
  /** Gives raft a change, or "none" for one that was refused; returns the configuration now in force. */
  applyConfChange(change: ConfChange | ConfChangeV2 | "none"): ConfState;
  onMembershipEffect(effect: MembershipEffect): void;
  /** Whether applying should wait, as for a database that cannot keep up; somebody asks for a turn when it is over. */
  isHeld(): boolean;
  /** Entries up to `index` are applied. */
  onApplied(index: LogIndex): void;
  /** An entry broke in the middle: what it has changed so far must never become durable. */
  onBroken(error: unknown): void;
  /** The empty entry of a new leader was applied. */
  onLeaderEntry(term: Term): void;
}

/** A turn applies until this much time has gone, so that heartbeats are never late. */
const turnBudgetMs = 4;
/** The clock is read once for this much work: a small entry is one unit, and every 512 bytes of data are one more. */
const workPerReading = 16;
const bytesPerWorkShift = 9;

/** Applies committed entries in order, in bounded turns. */
export class Applier {
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #sink: ApplierSink;
  #queue: Entry[] = [];
  #at = 0;
  #pauses = 0;
  #machine: StateMachine;
  #applied: LogIndex;
  #appliedTerm: Term;

  constructor(clock: Clock, logger: Logger, sink: ApplierSink, machine: StateMachine, applied: LogIndex, term: Term) {
    this.#clock = clock;
    this.#logger = logger;
    this.#sink = sink;
    this.#machine = machine;
    this.#applied = applied;
    this.#appliedTerm = term;
  }

  get applied(): LogIndex {
    return this.#applied;
  }

  get appliedTerm(): Term {
    return this.#appliedTerm;
  }

  /** Entries that are committed and wait. */
  get backlog(): number {
    return this.#queue.length - this.#at;
  }

  /** Queues entries that follow those queued before. */
  queue(entries: readonly Entry[]): void {
    if (this.#at === this.#queue.length) {
      this.#queue = entries as Entry[];
      this.#at = 0;
      return;
    }
    this.#queue = [...this.#queue.slice(this.#at), ...entries];
    this.#at = 0;
  }

  /** The state was replaced by a snapshot: everything up to `index` is in it. */
  replaceState(machine: StateMachine, index: LogIndex, term: Term): void {
    this.#machine = machine;
    this.#applied = index;
    this.#appliedTerm = term;
    this.#queue = this.#queue.slice(this.#at).filter((entry) => entry.index > index);
    this.#at = 0;
  }

  /** Nothing is applied between `pause` and the matching `resume`. */
  pause(): void {
    this.#pauses += 1;
  }

  resume(): void {
    this.#pauses -= 1;
  }

  /** Applies for one turn. Returns true when more is left. */
  run(): boolean {
    if (this.backlog === 0 || this.#pauses > 0 || this.#sink.isHeld()) return false;
    const slice = new Slice(this.#clock, turnBudgetMs);
    let work = 0;
    while (this.#at < this.#queue.length) {
      const entry = this.#queue[this.#at] as Entry;
      this.#at += 1;
      this.#apply(entry);
      work += 1 + (entry.data.length >> bytesPerWorkShift);
      if (work < workPerReading) continue;
      work = 0;
      if (slice.isOver) break;
    }
    if (this.#at === this.#queue.length) {
      this.#queue = [];
      this.#at = 0;
    }
    this.#sink.onApplied(this.#applied);
    return this.backlog > 0;
  }

  #apply(entry: Entry): void {
    if (entry.index <= this.#applied) return;
    try {
      if (entry.type === EntryType.normal) this.#applyNormal(entry);
      else this.#applyChange(entry);
    } catch (error) {
      this.#sink.onBroken(error);
      throw error;
    }
    this.#applied = entry.index;
    this.#appliedTerm = entry.term;
  }

  #applyNormal(entry: Entry): void {
    if (entry.data.length === 0) {
      this.#machine.advance(entry.index, entry.term);
      this.#sink.onLeaderEntry(entry.term);
      return;
    }
    let request: RaftRequest;
    try {
      request = parseRaftRequest(entry.data);
    } catch (error) {
      throw new CorruptError("raft log", `entry ${entry.index} cannot be decoded`, { cause: error });
    }
    const waiter = this.#sink.takeWaiter(request.origin, request.serial);
    let outcome: Outcome;
    try {
      outcome = this.#machine.apply(entry.index, entry.term, request, waiter !== undefined);
    } catch (error) {
      waiter?.fail(new KvError("stopped"));
      throw error;
    }
    waiter?.settle(outcome);
  }

  #applyChange(entry: Entry): void {
    const v1 = entry.type === EntryType.confChange;
    if (!v1) {
      this.#applyJoint(entry, decodeConfChangeV2(entry.data));
      return;
    }
    const change = parseConfChange(entry.data);
    const parsed = toMembershipChange(entry.index, change);
    const refused = this.#machine.membership.validate(parsed);
    if (refused !== undefined) {
      this.#logger.log("warn", "rejected a membership change", {
        index: entry.index,
        "node-id": change.nodeId.toString(16),
        reason: refused,
      });
      this.#machine.applyMembership(entry.index, entry.term, undefined, this.#sink.applyConfChange("none"));
      this.#sink.takeChangeWaiter(change.id)?.settle({ refused });
      return;
    }
    const confState = this.#sink.applyConfChange(change);
    const effect = this.#machine.applyMembership(entry.index, entry.term, parsed, confState);
    if (effect !== undefined) this.#sink.onMembershipEffect(effect);
    this.#sink.takeChangeWaiter(change.id)?.settle({ refused: undefined });
  }

  /** A joint change: raft's configuration alone, members are added and removed by what its entries name. */
  #applyJoint(entry: Entry, change: ConfChangeV2): void {
    const confState = this.#sink.applyConfChange(change);
    this.#machine.applyMembership(entry.index, entry.term, undefined, confState);
  }
}

const emptyChange: ConfChange = {
  id: 0n,
  type: ConfChangeType.addNode,
  nodeId: 0n as ConfChange["nodeId"],
  context: new Uint8Array(0),
};

const parseConfChange = (data: Uint8Array): ConfChange => (data.length === 0 ? emptyChange : decodeConfChange(data));

/** Takes the data of a change entry apart. @throws CorruptError when the member in it cannot be decoded. */
export const parseMembershipChange = (index: LogIndex, data: Uint8Array): MembershipChange =>
  toMembershipChange(index, parseConfChange(data));

function toMembershipChange(index: LogIndex, change: ConfChange): MembershipChange {
  if (change.type === ConfChangeType.removeNode) {
    return { type: change.type, nodeId: change.nodeId, member: undefined };
  }
  try {
    const member = parseMemberJson(change.context);
    return { type: change.type, nodeId: change.nodeId, member };
  } catch (error) {
    throw new CorruptError("raft log", `the member in entry ${index} cannot be decoded`, { cause: error });
  }
}
