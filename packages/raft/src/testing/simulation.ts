import { type LogIndex, type MemberId, SeededRandom, toMemberId, utf8Encode } from "@quorate/base";
import {
  ConfChangeTransition,
  ConfChangeType,
  type ConfChangeSingle,
  type ConfChangeV2,
  type Message,
  MessageType,
  messageTypeName,
} from "../index.ts";
import { Invariants } from "./invariants.ts";
import { bootstrapDisk, confOf, emptyConf, member, type NodeOptions, TestNode } from "./node.ts";

/** What a run is made of. */
export interface SimulationOptions {
  readonly seed: number;
  readonly voters?: number;
  /** How many members may ever take part. */
  readonly membersMax?: number;
  /** Whether members come and go. */
  readonly changes?: boolean;
  readonly crashes?: boolean;
  readonly node?: NodeOptions;
  /** Makes the members; replaced to watch them. */
  readonly makeNode?: (id: MemberId, disk: ReturnType<typeof bootstrapDisk>, options: NodeOptions) => TestNode;
}

/**
 * Members under a hostile network and scheduler, all drawn from one seed: messages are delayed, reordered, dropped and
 * doubled, links fail, disks and state machines lag, members crash and lose what was not durable.
 */
export class Simulation {
  readonly nodes: TestNode[] = [];
  readonly invariants: Invariants = new Invariants();
  readonly #random: SeededRandom;
  readonly #options: SimulationOptions;
  #network: Message[] = [];
  /** Cut links, as `from>to`. */
  #cut: Set<string> = new Set();
  #proposed = 0;
  #reads = 0;
  /** The least index each read may be served at. */
  readonly #readFloors: Map<string, LogIndex> = new Map();
  readsServed = 0;
  /** A digest of everything that was sent, to compare runs. */
  trace = 0;

  constructor(options: SimulationOptions) {
    this.#options = options;
    this.#random = new SeededRandom(options.seed);
    const voters = Array.from({ length: options.voters ?? 3 }, (_, i) => i + 1);
    const most = options.membersMax ?? voters.length;
    for (let id = 1; id <= most; id++) {
      const disk = bootstrapDisk(id <= voters.length ? confOf(voters) : emptyConf);
      const make = options.makeNode ?? ((...args): TestNode => new TestNode(...args));
      this.#watch(make(member(id), disk, options.node ?? {}));
    }
  }

  #watch(node: TestNode): void {
    node.onSend = (messages) => this.#onSend(messages);
    node.onEntry = (at, entry) => this.invariants.onEntry(at, entry);
    this.nodes.push(node);
  }

  #onSend(messages: readonly Message[]): void {
    for (const message of messages) {
      const { type, from, to, term, index, reject, commit } = message;
      const line = `${messageTypeName(type)} ${from} ${to} ${term} ${index} ${reject} ${commit}`;
      for (let i = 0; i < line.length; i++) this.trace = (Math.imul(this.trace, 31) + line.charCodeAt(i)) | 0;
      this.#network.push(message);
    }
  }

  #below(bound: number): number {
    return this.#random.below(bound);
  }

  #pick<T>(items: readonly T[]): T {
    return items[this.#below(items.length)] as T;
  }

  /** Does `steps` random things; a broken invariant throws. */
  run(steps: number): void {
    for (let i = 0; i < steps; i++) {
      this.#randomStep();
      this.#collectReads();
      this.invariants.check(this.nodes);
    }
  }

  #randomStep(): void {
    const draw = this.#below(1000);
    const node = this.#pick(this.nodes);
    if (draw < 450) this.#deliver();
    else if (draw < 600) this.#tick(node);
    else if (draw < 780) this.#finishAppend(node);
    else if (draw < 900) node.finishApply();
    else if (draw < 940) this.#propose(node);
    else if (draw < 960) this.#read(node);
    else if (draw < 968) node.compact(this.#below(4));
    else if (draw < 976) this.#changeMembers(node);
    else if (draw < 982) this.#transfer(node);
    else if (draw < 988) this.#cutLinks();
    else if (draw < 992) this.#cut.clear();
    else if (draw < 996) this.#report(node);
    else if (draw < 999) this.#crash(node);
    else node.raw.forgetLeader();
    node.drain();
  }

  #tick(node: TestNode): void {
    node.raw.tick();
    node.drain();
  }

  #finishAppend(node: TestNode): void {
    if (node.finishAppend()) this.invariants.onDurable(node);
  }

  #deliver(): void {
    if (this.#network.length === 0) return;
    // Mostly in order, sometimes any.
    const at = this.#below(8) === 0 ? this.#below(this.#network.length) : 0;
    const message = this.#network[at] as Message;
    const fate = this.#below(40);
    if (fate !== 0) this.#network.splice(at, 1);
    if (fate === 1 || this.#cut.has(`${message.from}>${message.to}`)) {
      if (message.type === MessageType.snap) this.#snapshotFate(message, false);
      return;
    }
    const target = this.nodes.find(({ id }) => id === message.to);
    if (target === undefined) return;
    target.raw.step(message);
    target.drain();
    if (message.type === MessageType.snap) this.#snapshotFate(message, this.#below(4) > 0);
  }

  #snapshotFate(message: Message, ok: boolean): void {
    const sender = this.nodes.find(({ id }) => id === message.from);
    sender?.raw.reportSnapshot(message.to, ok);
    sender?.drain();
  }

  #propose(node: TestNode): void {
    const batch = Array.from({ length: 1 + this.#below(3) }, () => {
      this.#proposed += 1;
      return utf8Encode(`${this.#proposed}${"x".repeat(this.#below(300))}`);
    });
    node.raw.propose(batch);
  }

  #read(node: TestNode): void {
    this.#reads += 1;
    const context = `${this.#reads}`;
    // Whatever anybody knows to be committed may have been acknowledged.
    this.#readFloors.set(`${node.id}/${context}`, this.invariants.commitMax);
    node.raw.readIndex(utf8Encode(context));
  }

  #collectReads(): void {
    for (const node of this.nodes) {
      for (const { index, context } of node.readStates.splice(0)) {
        const floor = this.#readFloors.get(`${node.id}/${String.fromCharCode(...context)}`);
        if (floor === undefined) throw new Error("a read was answered to another member");
        if (index < floor) throw new Error(`a read at ${index} misses what was committed at ${floor}`);
        this.readsServed += 1;
      }
    }
  }

  #changeMembers(node: TestNode): void {
    if (this.#options.changes !== true) return;
    const joint = node.confState.votersOutgoing.length > 0;
    const id = (): MemberId => toMemberId(BigInt(1 + this.#below(this.nodes.length)));
    const kinds = [
      ConfChangeType.addNode,
      ConfChangeType.addNode,
      ConfChangeType.removeNode,
      ConfChangeType.addLearnerNode,
    ];
    const singles = Array.from(
      { length: 1 + this.#below(3) },
      (): ConfChangeSingle => ({ type: this.#pick(kinds), nodeId: id() }),
    );
    const context = new Uint8Array(0);
    const changes = joint && this.#below(2) === 0 ? [] : singles;
    const transition = changes.length === 0 ? ConfChangeTransition.auto : this.#pick([0, 0, 1, 2] as const);
    const change: ConfChangeV2 = { transition, changes, context };
    const remaining = new Set(node.confState.voters);
    for (const { type, nodeId } of changes) {
      if (type === ConfChangeType.addNode) remaining.add(nodeId);
      else remaining.delete(nodeId);
    }
    // What would leave nobody in charge is refused long before it gets here.
    if (remaining.size === 0 || (remaining.size < 2 && this.#below(4) > 0)) return;
    const [single] = singles;
    if (singles.length === 1 && single !== undefined && !joint && this.#below(2) === 0) {
      node.raw.proposeConfChange({ id: 1n, ...single, context });
    } else node.raw.proposeConfChange(change);
  }

  #transfer(node: TestNode): void {
    node.raw.transferLeader(this.#pick(this.nodes).id);
  }

  #report(node: TestNode): void {
    node.raw.reportUnreachable(this.#pick(this.nodes).id);
  }

  #cutLinks(): void {
    const isolated = this.#pick(this.nodes).id;
    const oneWay = this.#below(2) === 0;
    for (const { id } of this.nodes) {
      this.#cut.add(`${isolated}>${id}`);
      if (!oneWay) this.#cut.add(`${id}>${isolated}`);
    }
  }

  #crash(node: TestNode): void {
    if (this.#options.crashes === false) return;
    node.restart();
    node.drain();
  }

  /** Lifts all faults and lets the members come to agreement; returns false when they do not. */
  heal(rounds = 400): boolean {
    this.#cut.clear();
    for (let round = 0; round < rounds; round++) {
      for (const node of this.nodes) {
        node.raw.tick();
        node.work();
        this.invariants.onDurable(node);
      }
      const messages = this.#network;
      this.#network = [];
      for (const message of messages) {
        const target = this.nodes.find(({ id }) => id === message.to);
        if (message.type === MessageType.snap) this.#snapshotFate(message, true);
        target?.raw.step(message);
        target?.drain();
      }
      this.#collectReads();
      this.invariants.check(this.nodes);
      if (round % 20 === 10) this.leader?.raw.propose([utf8Encode(`heal ${round}`)]);
      if (round > 60 && this.#agree()) return true;
    }
    return false;
  }

  /** The leader of the highest term, if it is one of its own configuration. */
  get leader(): TestNode | undefined {
    const leaders = this.nodes.filter(({ raw }) => raw.role === "leader");
    return leaders.sort((a, b) => b.raw.term - a.raw.term)[0];
  }

  #agree(): boolean {
    const { leader } = this;
    if (leader === undefined || leader.raw.lastIndex !== leader.applied) return false;
    const { config } = leader.raw.status();
    return this.nodes
      .filter(({ id }) => config.voters.includes(id) || config.learners.includes(id))
      .every(({ applied, raw }) => applied === leader.applied && raw.term === leader.raw.term);
  }
}
