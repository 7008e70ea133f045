import { invariant, type MemberId, utf8Decode, utf8Encode } from "@quorate/base";
import { type Entry, EntryType, type Message, MessageType, type ProposeResult } from "../index.ts";
import { bootstrapDisk, confOf, emptyConf, member, type NodeOptions, TestNode } from "./node.ts";

/** Members joined by a network that delivers in order, unless a link is cut. */
export class Cluster {
  readonly nodes: Map<MemberId, TestNode> = new Map();
  /** Messages on their way, oldest first. */
  readonly network: Message[] = [];
  /** Everything that was ever sent, for transcripts. */
  readonly sent: Message[] = [];
  /** What each member applied that was not empty and no change of members. */
  readonly applied: Map<MemberId, string[]> = new Map();
  /** Returns whether a message may arrive. */
  passes: (message: Message) => boolean = () => true;
  readonly #options: NodeOptions;

  constructor(voters: readonly number[], options: NodeOptions = {}, learners: readonly number[] = []) {
    this.#options = options;
    for (const id of [...voters, ...learners])
      this.#add(new TestNode(member(id), bootstrapDisk(confOf(voters, learners)), options));
  }

  #add(node: TestNode): TestNode {
    this.nodes.set(node.id, node);
    this.applied.set(node.id, []);
    node.onSend = (messages) => {
      this.network.push(...messages);
      this.sent.push(...messages);
    };
    node.onEntry = ({ id }, entry) => this.#onEntry(id, entry);
    return node;
  }

  #onEntry(id: MemberId, entry: Entry): void {
    if (entry.type === EntryType.normal && entry.data.length > 0) this.applied.get(id)?.push(utf8Decode(entry.data));
  }

  /** Starts a member that knows nobody; a leader will find it once it is in the configuration. */
  join(id: number): TestNode {
    return this.#add(new TestNode(member(id), bootstrapDisk(emptyConf), this.#options));
  }

  node(id: number): TestNode {
    const node = this.nodes.get(member(id));
    invariant(node !== undefined, "no such member", () => ({ id }));
    return node;
  }

  /** Only messages between members of one of the groups pass; members in none are cut off. */
  partition(...groups: readonly (readonly number[])[]): void {
    this.passes = ({ from, to }) => groups.some((group) => group.includes(Number(from)) && group.includes(Number(to)));
  }

  heal(): void {
    this.passes = () => true;
  }

  /** Delivers the oldest message. */
  deliverOne(): boolean {
    const message = this.network.shift();
    if (message === undefined) return false;
    const target = this.nodes.get(message.to);
    if (target !== undefined && this.passes(message)) {
      target.raw.step(message);
      target.drain();
    }
    return true;
  }

  /** Works and delivers until nothing moves any more. */
  settle(): void {
    for (let steps = 0; ; steps++) {
      invariant(steps < 100_000, "the cluster does not come to rest");
      for (const node of this.nodes.values()) node.work();
      if (this.network.length === 0) return;
      while (this.deliverOne()) continue;
    }
  }

  /** Lets time pass for everybody, or only for those named. */
  tick(ticks = 1, ids?: readonly number[]): void {
    for (let i = 0; i < ticks; i++) {
      for (const node of this.nodes.values()) {
        if (ids === undefined || ids.includes(Number(node.id))) node.raw.tick();
      }
      this.settle();
    }
  }

  /** Makes `id` leader: it campaigns, and the others are past their lease. */
  elect(id: number): void {
    for (const other of this.nodes.values()) if (Number(other.id) !== id) other.raw.forgetLeader();
    this.node(id).raw.campaign();
    this.settle();
    invariant(this.node(id).raw.role === "leader", "was not elected", () => ({ id }));
  }

  propose(id: number, ...texts: readonly string[]): ProposeResult {
    return this.node(id).raw.propose(texts.map(utf8Encode));
  }

  /** Members that believe to lead. */
  leaders(): number[] {
    return [...this.nodes.values()].filter(({ raw }) => raw.role === "leader").map(({ id }) => Number(id));
  }

  /** Messages of one type sent since the last call of `forget`. */
  sentOf(type: MessageType): readonly Message[] {
    return this.sent.filter((message) => message.type === type);
  }

  forget(): void {
    this.sent.length = 0;
  }
}
