import { type LogIndex, type MemberId, noMember, type Term } from "@quorate/base";
import type { Member, Storage } from "@quorate/member";
import { type ConfState, type HardState, type Message, MessageType } from "@quorate/raft";
import type { Host } from "./host.ts";
import { Amnesia } from "./invariants/amnesia.ts";
import { CommittedDurable } from "./invariants/committed-durable.ts";
import { ConfigLag } from "./invariants/config-lag.ts";
import { ConfigOverlap, type Electable } from "./invariants/config-overlap.ts";
import { ElectionSafety } from "./invariants/election-safety.ts";
import { LeaderCompleteness } from "./invariants/leader-completeness.ts";
import { LogMatching } from "./invariants/log-matching.ts";
import { MembershipAgreement } from "./invariants/membership-agreement.ts";
import { Monotonicity } from "./invariants/monotonicity.ts";
import { OneChange } from "./invariants/one-change.ts";
import { Order } from "./invariants/order.ts";
import { Reads } from "./invariants/reads.ts";
import { Resources } from "./invariants/resources.ts";
import { ReadQuorum } from "./invariants/read-quorum.ts";
import { StateMachineSafety } from "./invariants/state-machine-safety.ts";
import { Vouched } from "./invariants/vouched.ts";
import { isChange, type Ledger, type LedgerEntry } from "./ledger.ts";
import type { LogReader, MemberLog } from "./member-log.ts";
import type { Model } from "./model.ts";
import type { SimNode } from "./node.ts";
import { check } from "./violation.ts";

/** Proposals of one member that may wait at once; far more than the clients of a run can have under way. */
const waitingMost = 10_000;

/** What the checks saw last of a running member. */
class View {
  readonly member: Member;
  machine: Member["machine"];
  term: Term;
  commit: LogIndex;
  applied: LogIndex;
  lead: MemberId = noMember;
  config: ConfState;
  /** The last change of members that it applied. */
  changeIndex: LogIndex;

  constructor(member: Member, config: ConfState, changeIndex: LogIndex) {
    this.member = member;
    this.machine = member.machine;
    this.term = member.term;
    this.commit = member.committed;
    this.applied = member.applied;
    this.config = config;
    this.changeIndex = changeIndex;
  }
}

/**
 * All invariants of the catalogue, asked where something changed: at each entry and hard state that goes to a log, each
 * sync that ends, each message, and after each event at the member that it belonged to.
 */
export class Checks {
  readonly elections: ElectionSafety = new ElectionSafety();
  readonly reads: Reads;
  readonly amnesia: Amnesia;
  /** Leads the term that it is in, as its messages say. */
  readonly #leading: Map<string, Term> = new Map();
  readonly #ledger: Ledger;
  readonly #model: Model;
  readonly #matching: LogMatching = new LogMatching();
  readonly #completeness: LeaderCompleteness;
  readonly #state: StateMachineSafety;
  readonly #durable: CommittedDurable = new CommittedDurable();
  readonly #monotonicity: Monotonicity = new Monotonicity();
  readonly #order: Order = new Order();
  readonly #lag: ConfigLag = new ConfigLag();
  readonly #overlap: ConfigOverlap = new ConfigOverlap();
  readonly #oneChange: OneChange;
  readonly #agreement: MembershipAgreement;
  readonly #resources: Resources = new Resources();
  readonly #vouched: Vouched = new Vouched();
  readonly #readQuorum: ReadQuorum = new ReadQuorum();
  readonly #views: Map<string, View> = new Map();
  readonly #ids: Map<string, MemberId> = new Map();
  readonly #logs: Map<MemberId, MemberLog> = new Map();

  constructor(ledger: Ledger, model: Model, joint: boolean) {
    this.#ledger = ledger;
    this.#model = model;
    this.#completeness = new LeaderCompleteness(ledger);
    this.#state = new StateMachineSafety(ledger, model);
    this.#oneChange = new OneChange(ledger);
    this.#agreement = new MembershipAgreement(joint);
    this.reads = new Reads(model);
    this.amnesia = new Amnesia(ledger);
  }

  readerOf(node: SimNode): LogReader {
    const { name } = node;
    return {
      onEntry: (entry, hash, previousTerm) => {
        this.#matching.onEntry(name, entry, hash, previousTerm);
        this.#oneChange.onEntry(name, node.log, entry);
      },
      onTruncate: (index) => {
        const leads = this.#leading.get(name) === node.member?.term && node.member?.isLeader === true;
        this.#monotonicity.onTruncate(name, leads, index);
      },
      onHardState: (state, before) => this.#monotonicity.onHardState(name, state, before),
      onDurable: () => {
        const id = this.#ids.get(name);
        const { term, vote } = node.log.durableState;
        if (id === undefined || vote === noMember) return;
        this.elections.onVote(id, term, vote);
        this.#monotonicity.onVote(name, id, term, vote);
      },
    };
  }

  onBoot(node: SimNode, storage: Storage, durableBefore: HardState): void {
    const { member, name, log } = node;
    if (member === undefined) return;
    this.#ids.set(name, member.id);
    this.#logs.set(member.id, log);
    this.#leading.delete(name);
    const { initial } = storage;
    this.#monotonicity.onBoot(name, durableBefore, initial.hardState);
    this.#order.onProgress(name, {
      snapshot: initial.snapshotIndex,
      applied: member.applied,
      commit: member.committed,
    });
    const config = member.raftStatus().config;
    this.#lag.onBoot(name, log, member.term, member.committed);
    const view = new View(member, config, this.#lastChange(log, member.applied));
    this.#views.set(name, view);
    this.#onCommit(node, view.commit, config);
    this.#state.onCommitted(name, log, 0, view.applied);
    if (view.applied <= this.#model.index) this.#state.checkAll(name, member.machine.store, view.applied);
    const { membership, progress } = member.machine;
    if (view.changeIndex > 0)
      this.#agreement.onConfig(name, view.changeIndex, membership, progress.confState ?? config);
  }

  onDown(node: SimNode): void {
    this.#views.delete(node.name);
    this.#leading.delete(node.name);
  }

  /** Its disk is another one now: what it acknowledged is known no longer there, as far as `I12` goes. */
  idOf(node: SimNode): MemberId | undefined {
    return this.#ids.get(node.name);
  }

  /** A disk lost what its member had promised, as the world allows: neither its votes nor its entries are expected back. */
  excuse(node: SimNode): void {
    const id = this.#ids.get(node.name);
    node.log.excuse();
    if (id === undefined) return;
    this.amnesia.forget(id);
    this.#monotonicity.forget(id);
  }

  #lastChange(log: MemberLog, upTo: LogIndex): LogIndex {
    for (let index = upTo; index > 0; index--) {
      const entry = this.#ledger.committed(index) ?? log.entryAt(index);
      if (entry !== undefined && isChange(entry)) return index;
    }
    return 0;
  }

  onSend(from: Host, message: Message): void {
    const node = from as SimNode;
    const { log } = node;
    switch (message.type) {
      case MessageType.heartbeat:
        this.#readQuorum.onHeartbeat(message.from, message.term, message.context);
        this.#onLeads(node, message.from, message.term);
        this.#vouched.onHeartbeat(node.name, message.to, message.commit);
        return;
      case MessageType.app:
      case MessageType.snap:
        this.#onLeads(node, message.from, message.term);
        return;
      case MessageType.heartbeatResp:
        this.#readQuorum.onEcho(message.from, message.to, message.term, message.context);
        return;
      case MessageType.appResp:
        if (!message.reject) this.#onAcknowledge(node, message);
        return;
      case MessageType.preVote:
      case MessageType.vote:
        this.#onCampaign(node, message);
        return;
      case MessageType.voteResp:
        if (message.reject) return;
        this.elections.onVote(message.from, message.term, message.to);
        this.#monotonicity.onVote(node.name, message.from, message.term, message.to);
        this.amnesia.onVote(node.name, message.from, log);
        this.#vouched.onVote(node.name, log, message.term, message.to);
        return;
      case MessageType.readIndex:
        for (const { data } of message.entries) this.#readQuorum.onAsk(data, this.#ledger.commit);
        return;
      case MessageType.readIndexResp:
        this.#onConfirm(node, message);
        return;
      default:
    }
  }

  #onAcknowledge(node: SimNode, message: Message): void {
    const { from, term, index } = message;
    const { log, member, name } = node;
    this.amnesia.onAcknowledge(from, index, log.termAt(index));
    this.#vouched.onAcknowledge(name, from, log, { term, index, applied: member?.applied ?? 0 });
  }

  #onCampaign(node: SimNode, message: Message): void {
    const { member, log, name } = node;
    if (member === undefined) return;
    const { role, term, applied, commit } = member.raftStatus();
    const isVote = message.type === MessageType.vote;
    // Its vote for itself counts once it is durable, which this message need not wait for.
    if (isVote) this.#lag.onCandidate(name, log, member.applied);
    // The message may have waited while its sender gave up.
    const goesOn = isVote ? role === "candidate" && message.term === term : role === "preCandidate";
    if (goesOn) this.#lag.onCampaign(name, log, applied, commit);
  }

  #onConfirm(node: SimNode, message: Message): void {
    const { member } = node;
    const [entry] = message.entries;
    if (member === undefined || entry === undefined) return;
    const read = { context: entry.data, index: message.index };
    this.#readQuorum.onConfirm(message.from, message.term, read, member.raftStatus().config);
  }

  #onLeads(node: SimNode, id: MemberId, term: Term): void {
    if (this.#leading.get(node.name) === term) return;
    this.#leading.set(node.name, term);
    this.elections.onLeader(id, term);
    if (node.member !== undefined) this.elections.onElected(id, term, node.member.raftStatus().config);
    this.#completeness.onLeader(node.name, node.log, term);
  }

  /** Feeds what a member newly knows to be committed to the ledger and the model. */
  #onCommit(node: SimNode, commit: LogIndex, config: ConfState): void {
    if (commit <= this.#ledger.commit) return;
    const { member, log } = node;
    check(
      member?.isLeader === true || log.termAt(commit) === 1,
      "I5",
      () => `${node.name} takes entry ${commit} for committed, and leaders have committed ${this.#ledger.commit}`,
    );
    let last: LedgerEntry | undefined;
    for (let index = this.#ledger.commit + 1; index <= commit; index++) {
      // Others may have an entry on their disks before the leader itself has written it; then it is of the leader's term.
      const entry = index <= log.last ? log.entryAt(index) : this.#ledger.find(index, member?.term ?? 0);
      check(entry !== undefined, "I7", () => `${node.name} commits entry ${index}, which its log does not hold`);
      this.#ledger.commitNext(entry);
      this.#model.commit(entry);
      last = entry;
    }
    // The first entries of a new cluster are committed by its birth.
    if (last !== undefined && last.term > 1) this.#durable.onCommit(last, config, this.#logs);
  }

  /** After each event of a member. */
  afterEvent(node: SimNode): void {
    const { member } = node;
    if (member === undefined) return;
    const view = this.#views.get(node.name);
    if (view === undefined || view.member !== member) return;
    const { committed, applied, term, lead } = member;
    if (committed === view.commit && applied === view.applied && term === view.term && lead === view.lead) return;
    const { name, log } = node;
    this.#monotonicity.onProgress(name, "term", view.term, term);
    this.#monotonicity.onProgress(name, "commit index", view.commit, committed);
    this.#monotonicity.onProgress(name, "applied index", view.applied, applied);
    view.term = term;
    view.lead = lead;
    const leads = lead === member.id && member.raftStatus().role === "leader";
    if (leads) this.#onLeads(node, lead, term);
    if (committed !== view.commit) {
      if (leads) this.#completeness.onLeaderCommits(name, log, term, committed);
      this.#onCommit(node, committed, this.#configNow(view, log, applied));
      view.commit = committed;
    }
    if (applied !== view.applied) this.#onApplied(node, member, view, applied);
    this.#order.onProgress(name, { snapshot: 0, applied, commit: committed });
  }

  /** The configuration that a commit of this event rests on: a change that was applied just now may have brought it. */
  #configNow(view: View, log: MemberLog, applied: LogIndex): ConfState {
    for (let index = view.applied + 1; index <= applied; index++) {
      const entry = log.entryAt(index);
      if (entry !== undefined && isChange(entry)) return view.member.raftStatus().config;
    }
    return view.config;
  }

  #onApplied(node: SimNode, member: Member, view: View, applied: LogIndex): void {
    const { name, log } = node;
    const { store, membership } = member.machine;
    this.#state.onCommitted(name, log, view.applied, applied);
    node.disk.looking(() => {
      if (member.machine === view.machine) this.#state.onApplied(name, store, view.applied, applied);
      else this.#state.checkAll(name, store, applied);
    });
    this.#order.onApplied(name, log, applied);
    const changeIndex = this.#lastChange(log, applied);
    if (changeIndex !== view.changeIndex || member.machine !== view.machine) {
      view.config = member.raftStatus().config;
      // While another snapshot waits to be installed, raft is ahead of the state; what is stored belongs to the state.
      const stored = member.machine.progress.confState ?? view.config;
      this.#agreement.onConfig(name, changeIndex, membership, stored);
      view.changeIndex = changeIndex;
      this.#checkOverlap();
    }
    view.machine = member.machine;
    view.applied = applied;
    this.#resources.onSample(name, "proposals", member.counters().proposalsPending, waitingMost);
  }

  /** Compares the configurations of all members that could be elected now. */
  #checkOverlap(): void {
    const { commit } = this.#ledger;
    const last = this.#ledger.committed(commit);
    const electable: Electable[] = [];
    for (const [name, view] of this.#views) {
      const log = this.#logs.get(view.member.id);
      // Whoever knows of a change that it has not applied yet does not campaign.
      if (log === undefined || last === undefined || log.termAt(commit) !== last.term) continue;
      if (this.#lastChange(log, view.commit) !== view.changeIndex) continue;
      electable.push({ name, config: view.config });
    }
    this.#overlap.onConfigs(electable);
  }
}
