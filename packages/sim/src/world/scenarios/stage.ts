import { type LogIndex, type MemberId, utf8Decode, utf8Encode } from "@quorate/base";
import type { Member } from "@quorate/member";
import { valueOf } from "@quorate/mvcc";
import type { Outcome } from "@quorate/state";
import { Clients } from "../clients.ts";
import type { CrashMode } from "../disk.ts";
import { judge } from "../judge.ts";
import type { Way } from "../link.ts";
import { marked } from "../marks.ts";
import type { SimNode } from "../node.ts";
import { Operators } from "../operators.ts";
import { drawPlan, type Plan } from "../plan.ts";
import { proposalOf } from "../requests.ts";
import type { Driven } from "../run.ts";
import { check, Violation } from "../violation.ts";
import { World, type WorldOptions } from "../world.ts";
import { Attempt } from "./attempt.ts";
import { hashOf } from "./hash.ts";
import { Waits } from "./waits.ts";
import { Witness } from "./witness.ts";

/** A script of the catalogue, played on a world. */
export interface Scenario {
  /** As in the catalogue, `M24`. */
  readonly id: string;
  readonly title: string;
  readonly members: number;
  /** Changes of the plan. */
  readonly plan?: Partial<Plan>;
  readonly options?: WorldOptions;
  /** The check that has to object: the script plays by rules that are not ours, and shows what they cost. */
  readonly finding?: string;
  play(stage: Stage): Promise<void>;
}

/** The members of a cluster that stands: who leads, then the others in the order of their machines. */
export type Cast = readonly [leader: string, first: string, second: string, ...rest: string[]];

/** Events that a scenario may take. */
const eventsMost = 2_000_000;
const limitMs = 30_000;
/** Strict checks count members that have been connected for five seconds. */
const steadyMs = 6_000;

/** What a script does with its world: it acts, and waits in virtual time. */
export class Stage implements Driven {
  readonly world: World;
  readonly clients: Clients;
  readonly operators: Operators;
  /** Facts for the tests. */
  readonly facts: Map<string, number> = new Map();
  readonly witness: Witness;
  readonly #waits: Waits;
  #done = false;
  #puts = 0;
  readonly #scenario: Scenario;
  #started = false;

  /** @param tell gets what the members log, for whoever reads along. */
  constructor(scenario: Scenario, seed: number, tell?: (line: string) => void) {
    const drawn = drawPlan({ seed, members: scenario.members });
    const calm: Partial<Plan> = {
      operators: [],
      faults: [],
      driftPpm: 0,
      turnUs: 20,
      turnJitterUs: Math.min(drawn.turnJitterUs, 500),
      latencyUs: Math.min(drawn.latencyUs, 2_000),
      latencyJitterUs: Math.min(drawn.latencyJitterUs, 2_000),
      preVote: true,
      learnersMax: 1,
      snapshotCount: 10_000,
      walSegmentBytes: 64_000_000,
    };
    this.#scenario = scenario;
    this.witness = new Witness(tell);
    this.world = new World(
      { ...drawn, ...calm, ...scenario.plan },
      { ...scenario.options, logLines: (...line) => this.witness.onLine(...line) },
    );
    const { watcher } = this.world.network;
    this.world.network.watcher = {
      onSend: (from, message) => {
        watcher?.onSend(from, message);
        this.witness.onMessage(this.world.nodes[from.number]?.name ?? "", message);
      },
    };
    this.world.supervised = false;
    this.clients = new Clients(this.world);
    this.operators = new Operators(this.world);
    this.world.found(scenario.members);
    this.#waits = new Waits(this.world.kernel);
    this.world.afterEvent.push(() => this.#waits.look());
  }

  step(): boolean {
    if (!this.#started) {
      this.#started = true;
      this.#scenario.play(this).then(
        () => {
          this.#done = true;
        },
        (error: unknown) => {
          this.world.fail(error);
          this.#done = true;
        },
      );
    }
    if (this.world.kernel.count > eventsMost) this.world.fail(new Violation("script", "the script does not end"));
    return !this.#done && this.world.step();
  }

  settle(): void {
    this.world.settle();
  }

  /** Judges what the clients were told, at the end. */
  judge(): void {
    if (this.world.failure !== undefined) return;
    this.world.guard(() => judge(this.clients.recorder.history(), this.world.ledger, this.world.model));
  }

  /** Resolves when `holds` does; rejects when it has not after `ms`. */
  until(what: string, holds: () => boolean, ms: number = limitMs): Promise<void> {
    return this.#waits.until(what, holds, ms);
  }

  wait(ms: number): Promise<void> {
    return this.#waits.wait(ms);
  }

  node(name: string): SimNode {
    return this.world.node(name);
  }

  member(name: string): Member {
    const { member } = this.node(name);
    if (member === undefined) throw new Violation("script", `${name} does not run`);
    return member;
  }

  expect(condition: boolean, id: string, message: string): void {
    check(condition, id, () => message);
  }

  /** Resolves with the name of the leader that all running members follow. */
  async leader(ms: number = limitMs): Promise<string> {
    await this.until("a leader", () => this.leaderNow() !== undefined, ms);
    return this.leaderNow() as string;
  }

  leaderNow(): string | undefined {
    const leader = this.world.leader();
    return leader?.member?.raftStatus().role === "leader" ? leader.name : undefined;
  }

  /** Resolves with the name of whoever leads when it is another than `old`. */
  async anotherLeader(old: string, ms: number = limitMs): Promise<string> {
    await this.until(`another leader than ${old}`, () => ![undefined, old].includes(this.leaderNow()), ms);
    return this.leaderNow() as string;
  }

  /** Resolves when all members of the start run and follow one leader, with everything published. */
  async ready(): Promise<Cast> {
    await this.until("a cluster that is ready", () => {
      const members = this.world.up();
      const lead = members[0]?.lead ?? 0n;
      return (
        members.length === this.#scenario.members &&
        lead !== 0n &&
        members.every((member) => member.lead === lead && member.duties.isPublished)
      );
    });
    const leader = await this.leader();
    return [leader, ...this.others(leader)] as unknown as Cast;
  }

  /** Like `ready`; and the members have been connected for so long that changes of members are let through. */
  async steady(): Promise<Cast> {
    await this.ready();
    await this.wait(steadyMs);
    const leader = await this.leader();
    return [leader, ...this.others(leader)] as unknown as Cast;
  }

  /** Names of all machines but these. */
  others(...names: readonly string[]): string[] {
    return this.world.nodes.map(({ name }) => name).filter((name) => !names.includes(name));
  }

  /** Proposes a put, which the clients' history holds; resolves with its outcome, rejects when there is none. */
  async put(name: string, key: string, value: string): Promise<Outcome> {
    const request = { kind: "put", key, value } as const;
    const proposal = proposalOf(request) as { kind: number; body: Uint8Array };
    const { recorder } = this.clients;
    const { kernel } = this.world;
    this.#puts += 1;
    const id = recorder.invoke(`script ${this.#puts}`, kernel.nowUs, request);
    const outcome = await this.propose(name, proposal.kind, marked(proposal.body, id));
    if (outcome.kind === "put") {
      const { revision } = outcome;
      recorder.finish(id, kernel.nowUs, { status: "ok", revision, response: { kind: "put" } });
    }
    return outcome;
  }

  /** Proposes any request; `kind` is its field in the log's requests. */
  propose(name: string, kind: number, body: Uint8Array): Promise<Outcome> {
    const member = this.member(name);
    return new Promise((resolve, reject) => member.propose(kind, body, { settle: resolve, fail: reject }));
  }

  /** Puts until one succeeds, at whoever leads. */
  async mustPut(key: string, value: string, ms: number = limitMs): Promise<void> {
    const endUs = this.world.kernel.nowUs + ms * 1000;
    for (;;) {
      const name = this.leaderNow();
      if (name !== undefined) {
        const outcome = await this.put(name, key, value).catch(() => undefined);
        if (outcome?.kind === "put") return;
      }
      if (this.world.kernel.nowUs > endUs) throw new Violation("G7", `no put of ${key} succeeds`);
      await this.wait(100);
    }
  }

  /** Begins something whose end is looked at later. */
  attempt<T>(promise: Promise<T>): Attempt<T> {
    return new Attempt(promise, () => this.world.kernel.nowUs);
  }

  /** What a linearizable read at a member gives; rejects when it cannot be had. */
  get(name: string, key: string): Promise<string | undefined> {
    const member = this.member(name);
    return new Promise((resolve, reject) => {
      member.linearizable({ ready: () => resolve(this.stored(name, key)), fail: reject });
    });
  }

  /** What a member's store has now. */
  stored(name: string, key: string): string | undefined {
    const found = this.member(name).machine.store.range({ key: utf8Encode(key) });
    const row = found.kind === "ok" ? found.rows[0] : undefined;
    return row === undefined ? undefined : utf8Decode(valueOf(row));
  }

  /** True when a put through the member is answered within `ms`. */
  async canPut(name: string, ms: number): Promise<boolean> {
    let answered = false;
    this.put(name, "probe", `probe ${this.world.kernel.count}`).then(
      (outcome) => {
        answered = outcome.kind === "put";
      },
      () => undefined,
    );
    await this.wait(ms);
    return answered;
  }

  id(name: string): MemberId {
    return this.member(name).id;
  }

  way(from: string, to: string): Way {
    return this.world.network.way(this.node(from), this.node(to));
  }

  cut(from: string, to: string): void {
    this.way(from, to).setCut(true);
  }

  split(left: readonly string[], right: readonly string[]): void {
    for (const a of left) {
      for (const b of right) {
        this.cut(a, b);
        this.cut(b, a);
      }
    }
  }

  isolate(name: string): void {
    this.split([name], this.others(name));
  }

  /** Mends both ways between two machines. */
  mend(a: string, b: string): void {
    this.way(a, b).mend();
    this.way(b, a).mend();
  }

  heal(): void {
    this.world.network.mendAll();
  }

  kill(name: string): void {
    this.node(name).kill();
  }

  power(name: string, mode: CrashMode = "oldest"): void {
    this.node(name).losePower(mode);
  }

  boot(name: string): void {
    this.node(name).boot();
  }

  /** Starts a machine again and waits until its member runs. */
  async bootUp(name: string): Promise<void> {
    this.boot(name);
    await this.until(`${name} to run`, () => this.node(name).isUp);
  }

  /** The disk is empty now, as if it were new. */
  wipe(name: string): void {
    const node = this.node(name);
    node.kill();
    node.disk.wipe();
  }

  /**
   * Makes the database of a machine so slow for a while that its member applies nothing, as on a slow disk of its own; the
   * log goes on. To be used with a small `backendBatchLimit`: the apply waits once the batches are full.
   */
  async holdApply(name: string, ms: number): Promise<void> {
    const { disk } = this.node(name);
    disk.troubles.databaseStalledUntilUs = this.world.kernel.nowUs + ms * 1000;
    const member = this.member(name);
    const { backend } = member.storage;
    for (let i = 0; !backend.isOverfull; i++) {
      this.expect(i < 200, "script", `the apply of ${name} cannot be held`);
      await this.mustPut(`fill ${i}`, String(i));
      await this.wait(5);
    }
  }

  /** Pauses the process of a machine. */
  pause(name: string, ms: number): void {
    const { life } = this.node(name);
    if (life !== undefined) life.resumeUs = this.world.kernel.nowUs + ms * 1000;
  }

  /** How the members that a member knows would be given to a new one. */
  clusterAsSeenBy(name: string): Map<string, readonly string[]> {
    const cluster = new Map<string, readonly string[]>();
    for (const { peerUrls } of this.member(name).machine.membership.list()) {
      const host = this.world.network.hostAt(peerUrls);
      const other = this.world.nodes[host?.number ?? -1]?.name;
      if (other !== undefined) cluster.set(other, peerUrls);
    }
    return cluster;
  }

  /** Adds a machine to the world, which is no member yet. */
  machine(name: string): SimNode {
    return this.world.addNode(name, { state: "existing", cluster: new Map() });
  }

  /** Adds a member through `at`, and starts its machine. */
  async join(at: string, name: string, isLearner = false): Promise<void> {
    const node = this.world.nodes.find((other) => other.name === name) ?? this.machine(name);
    await this.member(at).changes.add([node.url], isLearner);
    node.birth = { state: "existing", cluster: this.clusterAsSeenBy(at) };
    this.boot(name);
    await this.until(`${name} to run`, () => {
      // Whoever it asked has not applied its addition yet: its supervisor starts it again.
      if (node.down === "refused") this.boot(name);
      return node.isUp;
    });
    await this.until(`${name} to follow`, () => node.member?.lead !== 0n && node.member?.duties.isPublished === true);
  }

  /** Resolves when these members have applied everything up to `index`. */
  async applied(index: LogIndex, ...names: readonly string[]): Promise<void> {
    await this.until(`${names.join(" and ")} to apply ${index}`, () =>
      names.every((name) => this.member(name).applied >= index),
    );
  }

  /** Resolves when all running members have applied the same; their stores must be equal then. */
  async converged(): Promise<void> {
    // Compared at the very moment: the script itself goes on an event later.
    let hashes: ReadonlySet<string> = new Set();
    await this.until("all members to apply the same", () => {
      const members = this.world.up();
      const [first] = members;
      if (first === undefined || !members.every(({ applied, lead }) => applied === first.applied && lead !== 0n))
        return false;
      hashes = new Set(members.map(hashOf));
      return true;
    });
    this.expect(hashes.size === 1, "G3", `members have different stores: ${[...hashes].join(" | ")}`);
  }
}
