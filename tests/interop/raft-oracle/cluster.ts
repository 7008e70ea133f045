import { CorruptError, emptyBytes, InvariantError, type MemberId } from "@quorate/base";
import {
  type ConfChange,
  type ConfChangeSingle,
  type ConfChangeTransition,
  type ConfChangeType,
  type ConfChangeV2,
  type Entry,
  EntryType,
  encodeConfChange,
  type Message,
  MessageType,
  newMessage,
} from "@quorate/raft";
import { type Command, Op, type ScheduleConfig } from "./commands.ts";
import { emptyConf, Node, newDisk } from "./node.ts";
import { ofDisk, ofReady, ofState } from "./render.ts";

const dropped = "lost";

/** The members of one schedule, with the messages between them. `cluster.go` is its twin. */
export class Cluster {
  readonly config: ScheduleConfig;
  readonly nodes: readonly Node[];
  readonly network: Message[] = [];
  /** Counts proposals, to make each different. */
  #proposed = 0;
  /** Why members stopped, for people. */
  readonly stops: Error[] = [];
  readonly #byId: Map<MemberId, Node> = new Map();

  constructor(config: ScheduleConfig) {
    this.config = config;
    const { members, voters, learners } = config;
    const numbers = Array.from({ length: members }, (_, i) => i + 1);
    const conf = {
      ...emptyConf,
      voters: numbers.slice(0, voters).map((number) => this.id(number)),
      learners: numbers.slice(voters, voters + learners).map((number) => this.id(number)),
    };
    const voidId = this.id(config.void);
    this.nodes = numbers.map((number) => {
      const disk = newDisk(number <= voters + learners ? conf : emptyConf);
      return new Node(this.id(number), disk, config, voidId);
    });
    for (const node of this.nodes) this.#byId.set(node.id, node);
  }

  /** The identity of the member with this number; 0 is nobody. */
  id(number: number): MemberId {
    const id = BigInt(number);
    return (this.config.wide === 0 ? id : BigInt.asUintN(64, id * 0x9e3779b97f4a7c15n)) as MemberId;
  }

  /** The number of the member with this identity. */
  numberOf(id: MemberId): number {
    return this.nodes.findIndex((node) => node.id === id) + 1;
  }

  /** Executes one command and returns what came of it, as the Go program prints it. */
  run(command: Command): string {
    const [op, first = 0, second = 0] = command;
    if (op !== Op.deliver) return this.#runAt(this.nodes[first - 1] as Node, command, undefined);
    const message = this.#take(first, second);
    if (message === dropped) return "null";
    return this.#runAt(this.#byId.get(message.to) as Node, command, message);
  }

  #runAt(node: Node, command: Command, message: Message | undefined): string {
    const [op] = command;
    // Its core is no more; its disk stays.
    if (node.stopped && op !== Op.crash) return `{"out":${ofDisk(node.disk)}}`;
    try {
      const out = this.#execute(node, command, message);
      return `{"out":${out},"state":${ofState(node.raw, node.timeout)}}`;
    } catch (error) {
      // The library panics where the core throws these two; anything else is a mistake in this program.
      if (!(error instanceof InvariantError) && !(error instanceof CorruptError)) throw error;
      this.stops.push(error);
      node.stopped = true;
      return '{"out":"stopped"}';
    }
  }

  #take(place: number, fate: number): Message | typeof dropped {
    if (this.network.length === 0) return dropped;
    const at = place % this.network.length;
    const message = this.network[at] as Message;
    if (fate === 1) return message;
    this.network.splice(at, 1);
    return fate === 2 ? dropped : message;
  }

  #execute(node: Node, command: Command, message: Message | undefined): string {
    const { raw } = node;
    const [op, , a = 0, b = 0, c = 0, d = 0, e = 0] = command;
    switch (op as Op) {
      case Op.tick:
        raw.tick();
        break;
      case Op.campaign:
        raw.campaign();
        break;
      case Op.propose:
        return `${raw.propose(this.#proposals(a, b)).kind === "accepted"}`;
      case Op.change:
        return `${raw.proposeConfChange(this.#change(command.slice(2))).kind === "accepted"}`;
      case Op.read:
        raw.readIndex(this.#readContext());
        break;
      case Op.transfer:
        raw.transferLeader(this.id(a));
        break;
      case Op.unreachable:
        raw.reportUnreachable(this.id(a));
        break;
      case Op.snapStatus:
        raw.reportSnapshot(this.id(a), b !== 0);
        break;
      case Op.forget:
        raw.forgetLeader();
        break;
      case Op.ready:
        return this.#ready(node);
      case Op.append:
        return this.#append(node);
      case Op.apply: {
        const entries = node.applies.shift();
        if (entries === undefined) break;
        node.finishApply(entries);
        return `${node.applied}`;
      }
      case Op.deliver:
        raw.step(message as Message);
        break;
      case Op.compact:
        node.compact(a);
        break;
      case Op.crash:
        node.crash({ full: a, torn: b, keepApplied: c !== 0, lost: d, keepCommit: e !== 0 });
        return ofDisk(node.disk);
      case Op.snapshots:
        node.snapshots = a !== 0;
        break;
      case Op.inject:
        raw.step(this.#injected(node.id, this.id(a), command.slice(3)));
        break;
      case Op.strange:
        this.#strange(node, this.nodes[a - 1] as Node, b);
        break;
      case Op.disk:
        return ofDisk(node.disk);
    }
    return "null";
  }

  #ready(node: Node): string {
    if (!node.raw.hasReady()) return "null";
    const ready = node.ready();
    this.network.push(...ready.messages);
    return ofReady(ready);
  }

  #append(node: Node): string {
    const ready = node.appends.shift();
    if (ready === undefined) return "null";
    const sent = node.finishAppend(ready);
    this.network.push(...sent);
    return `${sent.length}`;
  }

  #readContext(): Uint8Array {
    this.#proposed += 1;
    const context = new Uint8Array(4);
    new DataView(context.buffer).setUint32(0, this.#proposed);
    return context;
  }

  #proposals(count: number, size: number): Uint8Array[] {
    return Array.from({ length: count }, () => {
      this.#proposed += 1;
      return Uint8Array.from({ length: size }, (_, at) => (this.#proposed + at) & 0xff);
    });
  }

  #change([form, transition, ...changes]: readonly number[]): ConfChange | ConfChangeV2 {
    const singles: ConfChangeSingle[] = [];
    for (let i = 0; i + 1 < changes.length; i += 2) {
      singles.push({ type: changes[i] as ConfChangeType, nodeId: this.id(changes[i + 1] as number) });
    }
    const [single] = singles;
    if (form === 1 && single !== undefined) return { id: 1n, ...single, context: emptyBytes };
    return { transition: transition as ConfChangeTransition, changes: singles, context: emptyBytes };
  }

  /** A proposal that another member sent: bytes, changes, and what no member would write. */
  #injected(to: MemberId, from: MemberId, kinds: readonly number[]): Message {
    const message = newMessage(MessageType.prop, to, from, 0);
    message.entries = kinds.map((kind): Entry => {
      const of = (type: EntryType, data: Uint8Array): Entry => ({ type, term: 0, index: 0, data, encoded: undefined });
      const added = (type: number, nodeId: MemberId): Uint8Array =>
        encodeConfChange({ id: 1n, type: type as ConfChangeType, nodeId, context: emptyBytes });
      switch (kind) {
        case 0:
          return of(EntryType.normal, this.#proposals(1, 5)[0] as Uint8Array);
        case 1:
          return of(EntryType.confChange, Uint8Array.of(0xff));
        case 2:
          return of(EntryType.confChangeV2, Uint8Array.of(0xff));
        case 3:
          return of(EntryType.confChangeV2, emptyBytes);
        case 4:
          return of(EntryType.confChange, added(7, this.id(1)));
        default:
          return of(EntryType.confChange, added((kind - 5) & 3, this.id((kind - 5) >> 2)));
      }
    });
    return message;
  }

  /** A snapshot of the other members, as if this one had been removed; no leader would send it. */
  #strange({ id, raw }: Node, from: Node, ahead: number): void {
    if (from.id === id || from.stopped || from.raw.role !== "leader") return;
    const { term } = from.raw;
    const message = newMessage(MessageType.snap, id, from.id, term);
    const voters = this.nodes.flatMap((other) => (other.id === id ? [] : [other.id]));
    const confState = { voters, learners: [], votersOutgoing: [], learnersNext: [], autoLeave: false };
    message.snapshot = { data: emptyBytes, metadata: { confState, index: raw.commit + 1 + ahead, term } };
    raw.step(message);
  }

  /** Somebody who believes to lead, the one of the highest term. */
  get leader(): Node | undefined {
    let leader: Node | undefined;
    for (const node of this.nodes) {
      if (node.stopped || node.raw.role !== "leader") continue;
      if (leader === undefined || node.raw.term > leader.raw.term) leader = node;
    }
    return leader;
  }
}
