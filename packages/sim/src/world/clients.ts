import type { Member } from "@quorate/member";
import type { Outcome } from "@quorate/state";
import {
  type HistoryRequest,
  HistoryRecorder,
  type RangeRequest,
  type TxnRequest,
  type TxnStep,
} from "../history/index.ts";
import { Dice } from "./dice.ts";
import { EventKind, type Life } from "./kernel.ts";
import { marked } from "./marks.ts";
import type { SimNode } from "./node.ts";
import { proposalOf, seenOutcome, wireRange, wireTxn } from "./requests.ts";
import { check } from "./violation.ts";
import type { World } from "./world.ts";

/** An operation under way. */
interface Call {
  readonly client: Client;
  readonly request: HistoryRequest;
  readonly id: number;
  /** The life of the process that was asked: its end is the end of the connection. */
  readonly life: Life;
  /** The highest revision that anybody had seen when it began. */
  readonly floor: number;
  done: boolean;
}

/** A client gives an operation up after this time and does not know what became of it. */
const patienceUs = 9_000_000;
const keyOf = (number: number): string => `k${String(number).padStart(3, "0")}`;

/** What clients do to the cluster, and the judgement of what they are told. */
export class Clients {
  readonly world: World;
  readonly recorder: HistoryRecorder = new HistoryRecorder();
  /** Operations that were answered, by kind of result. */
  answered = 0;
  refused = 0;
  unknown = 0;
  running = true;
  readonly #clients: Client[] = [];
  readonly #calls: Set<Call> = new Set();
  /** Answers are judged after the event that gave them, when the model knows what was committed. */
  #answers: { readonly call: Call; readonly outcome: Outcome }[] = [];
  #values = 0;

  constructor(world: World) {
    this.world = world;
    world.onNodeDown.push((node) => this.#onDown(node));
    world.afterEvent.push(() => this.#judge());
  }

  start(count: number): void {
    for (let i = 0; i < count; i++) {
      const client = new Client(this, `c${i + 1}`);
      this.#clients.push(client);
      client.later();
    }
  }

  /** Operations without an answer. */
  get waiting(): number {
    return this.#calls.size;
  }

  /** A value that nobody writes twice. */
  nextValue(): string {
    this.#values += 1;
    return `v${this.#values}`;
  }

  /** Begins an operation at a node; undefined when nothing listens there. */
  begin(client: Client, node: SimNode, request: HistoryRequest): Call | undefined {
    const { member, life } = node;
    if (member === undefined || life === undefined) return undefined;
    const { world } = this;
    const id = this.recorder.invoke(client.name, world.kernel.nowUs, request);
    const call: Call = { client, request, id, life, floor: world.seenRevision, done: false };
    this.#calls.add(call);
    world.kernel.after(patienceUs, EventKind.client, undefined, () => this.#lose(call, "the client gave up"));
    try {
      this.#send(member, call);
    } catch (error) {
      if (life.alive) world.fail(error);
    }
    return call;
  }

  #send(member: Member, call: Call): void {
    const { request } = call;
    if (request.kind === "range") {
      if (request.serializable === true) this.#read(member, call, request);
      else this.#whenFresh(member, call, () => this.#read(member, call, request));
      return;
    }
    if (request.kind === "txn" && isReadOnly(request)) {
      this.#whenFresh(member, call, () => this.#answer(call, member.machine.kv.readOnlyTxn(wireTxn(request))));
      return;
    }
    const proposal = proposalOf(request);
    if (proposal === undefined) return;
    member.propose(proposal.kind, marked(proposal.body, call.id), {
      settle: (outcome) => this.#answer(call, outcome),
      fail: (error) => this.#lose(call, error.message),
    });
  }

  #whenFresh(member: Member, call: Call, read: () => void): void {
    member.linearizable({ ready: read, fail: (error) => this.#lose(call, error.message) });
  }

  #read(member: Member, call: Call, request: RangeRequest): void {
    this.#answer(call, member.machine.kv.range(wireRange(request)));
  }

  #answer(call: Call, outcome: Outcome): void {
    if (call.done || !call.life.alive) return;
    this.#finish(call);
    this.#answers.push({ call, outcome });
  }

  /** The operation has no answer; a write may still happen. */
  #lose(call: Call, why: string): void {
    if (call.done) return;
    this.#finish(call);
    this.unknown += 1;
    this.recorder.finish(call.id, this.world.kernel.nowUs, { status: "unknown", error: why });
    call.client.onLost();
    call.client.later();
  }

  #finish(call: Call): void {
    call.done = true;
    this.#calls.delete(call);
  }

  #onDown(node: SimNode): void {
    for (const call of [...this.#calls]) {
      if (!call.life.alive && call.life.number === node.number) this.#lose(call, "the connection broke");
    }
  }

  #judge(): void {
    if (this.#answers.length === 0) return;
    const answers = this.#answers;
    this.#answers = [];
    for (const { call, outcome } of answers) this.#judgeOne(call, outcome);
  }

  #judgeOne(call: Call, outcome: Outcome): void {
    const { world } = this;
    const nowUs = world.kernel.nowUs;
    call.client.later();
    const response = seenOutcome(call.request, outcome);
    if (response === undefined) {
      this.refused += 1;
      const error = outcome.kind === "refused" ? outcome.code : outcome.kind;
      const known = error === "futureRev" ? "future" : error;
      this.recorder.finish(call.id, nowUs, { status: "failed", error: known });
      return;
    }
    this.answered += 1;
    world.kernel.mix(outcome.revision);
    this.recorder.finish(call.id, nowUs, { status: "ok", revision: outcome.revision, response });
    world.guard(() => this.#check(call, outcome));
    if (outcome.revision > world.seenRevision) world.seenRevision = outcome.revision;
  }

  /** What an answer says must be so in the committed history. */
  #check(call: Call, outcome: Outcome): void {
    const { request, floor } = call;
    const { model, checks } = this.world;
    const { revision } = outcome;
    if (request.kind === "range" && outcome.kind === "range") {
      checks.reads.onRead({
        from: request.key,
        to: request.rangeEnd ?? "",
        rows: outcome.response.kvs ?? [],
        revision,
        floor: request.serializable === true ? 0 : floor,
      });
      return;
    }
    check(
      revision >= floor,
      "G1",
      () => `${request.kind} is answered at revision ${revision}, after ${floor} was seen`,
    );
    check(
      revision <= model.revision,
      "G2",
      () => `${request.kind} is answered at revision ${revision}, which never was`,
    );
    if (request.kind !== "put") return;
    const version = model.at(request.key, revision);
    check(
      version?.modRevision === revision && model.values.get(request.value) === 1,
      "G2",
      () =>
        `the acknowledged put of ${request.key}=${request.value} is not in the committed history once at ${revision}: ${version?.modRevision}, ${model.values.get(request.value)}`,
    );
  }
}

/** One client: does one thing after the other, and moves on when a member does not answer. */
export class Client {
  readonly name: string;
  readonly #clients: Clients;
  readonly #dice: Dice;
  #at: number;

  constructor(clients: Clients, name: string) {
    this.#clients = clients;
    this.name = name;
    this.#dice = new Dice(clients.world.plan.seed, `client ${name}`);
    this.#at = this.#dice.below(7);
  }

  /** Does the next thing after a while. */
  later(): void {
    const { world } = this.#clients;
    const thinkUs = this.#dice.below(2 * world.plan.thinkUs + 1);
    world.kernel.after(thinkUs, EventKind.client, undefined, () => this.#act());
  }

  onLost(): void {
    this.#at += 1;
  }

  #act(): void {
    const { world } = this.#clients;
    if (!this.#clients.running || world.nodes.length === 0) return;
    if (this.#dice.chance(50)) this.#at = this.#dice.below(world.nodes.length);
    const node = world.nodes[this.#at % world.nodes.length] as SimNode;
    const request = this.#draw();
    if (this.#clients.begin(this, node, request) === undefined) {
      this.#at += 1;
      this.later();
    }
  }

  #key(): string {
    return keyOf(this.#dice.below(this.#clients.world.plan.keys));
  }

  #put(): TxnStep {
    return { kind: "put", key: this.#key(), value: this.#clients.nextValue() };
  }

  #draw(): HistoryRequest {
    const { world } = this.#clients;
    const dice = this.#dice;
    const key = this.#key();
    switch (dice.pick(world.plan.operations)) {
      case "put":
        return { kind: "put", key, value: this.#clients.nextValue(), prevKv: dice.chance(300) };
      case "get":
        return { kind: "range", key };
      case "serializableGet":
        return { kind: "range", key, serializable: true };
      case "range":
        return { kind: "range", key, rangeEnd: dice.chance(500) ? "\0" : keyOf(dice.below(world.plan.keys + 1)) };
      case "delete":
        return { kind: "delete", key };
      case "deleteRange":
        return { kind: "delete", key, rangeEnd: keyOf(dice.below(world.plan.keys + 1)) };
      case "txn":
        return this.#txn(0);
      case "nestedTxn":
        return this.#txn(dice.between(1, 3));
      case "readTxn":
        return { kind: "txn", compares: [this.#compare()], success: [{ kind: "range", key }], failure: [] };
      case "compact":
        return { kind: "compact", revision: Math.max(1, world.seenRevision - dice.below(50)) };
    }
  }

  #compare(): TxnRequest["compares"][number] {
    const { world } = this.#clients;
    const key = this.#key();
    if (this.#dice.chance(500)) {
      return {
        target: "mod",
        key,
        result: this.#dice.pick(["=", "<", ">", "!="]),
        value: this.#dice.below(world.seenRevision + 2),
      };
    }
    return { target: "version", key, result: this.#dice.pick(["=", ">"]), value: this.#dice.below(3) };
  }

  /** Each key is written once per branch at most, as the rules want it: all keys of one transaction differ. */
  #txn(depth: number, used: Set<string> = new Set()): TxnRequest {
    const fresh = (): TxnStep[] => {
      const step = this.#put();
      if (step.kind !== "put" || used.has(step.key)) return [{ kind: "range", key: this.#key() }];
      used.add(step.key);
      return [step];
    };
    const success: TxnStep[] = fresh();
    const failure: TxnStep[] = this.#dice.chance(500) ? fresh() : [{ kind: "range", key: this.#key() }];
    if (depth > 0) (this.#dice.chance(500) ? success : failure).push(this.#txn(depth - 1, used));
    return { kind: "txn", compares: [this.#compare()], success, failure };
  }
}

function isReadOnly(request: TxnRequest): boolean {
  const ranges = (steps: readonly TxnStep[]): boolean => steps.every((step) => step.kind === "range");
  return ranges(request.success) && ranges(request.failure);
}
