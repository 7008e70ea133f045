import { hexId, type MemberId } from "@quorate/base";
import type { Member } from "@quorate/member";
import {
  type ConfChangeSingle,
  ConfChangeType,
  encodeConfChangeV2,
  EntryType,
  type Message,
  MessageType,
  newEntry,
  newMessage,
} from "@quorate/raft";
import { Risk } from "./atlas.ts";
import { Dice } from "./dice.ts";
import { EventKind } from "./kernel.ts";
import { isChange } from "./ledger.ts";
import type { SimNode } from "./node.ts";
import type { OperatorKind } from "./plan.ts";
import { Upkeep } from "./upkeep.ts";
import type { World } from "./world.ts";

/** Machines that a cluster may have in all, over its life. */
const machinesMost = 14;
const lookUs = 500_000;
const removalUs = 8_000_000;
/** Whatever was asked is in a log or lost by then. */
const quietUs = 6_000_000;
/** What waits for changes of members to rest is given up after this time. */
const restMostUs = 20_000_000;

/** Something that must not happen while the members change. */
interface Rest {
  readonly strike: (release: () => void) => void;
  readonly release: () => void;
  readonly untilUs: number;
}

/** What operators do: they add, promote, remove and replace members, as far as the checks of the members let them. */
export class Operators {
  readonly world: World;
  /** What was answered, for statistics. */
  succeeded = 0;
  failed = 0;
  /** Nothing new is begun any more. */
  finishing = false;
  readonly #dice: Dice;
  /** New machines whose member may or may not have been added. */
  readonly #joining: Set<SimNode> = new Set();
  /** Members whose disk is gone: they are to be removed. */
  readonly #lost: Map<SimNode, MemberId> = new Map();
  /** While any of these is there, nothing but the removal of lost members is begun. */
  readonly #holds: Set<object> = new Set();
  readonly #rests: Set<Rest> = new Set();
  readonly #risks: Set<Risk> = new Set();
  readonly #upkeep: Upkeep;
  #removingUntilUs = 0;
  #asked = 0;
  #settledCount = 0;
  /** When a change was last asked for, or last answered. */
  #movedUs = -quietUs;

  constructor(world: World) {
    this.world = world;
    this.#dice = new Dice(world.plan.seed, "operators");
    this.#upkeep = new Upkeep(world);
  }

  start(): void {
    this.#later();
    this.#lookLater();
    this.#upkeep.start();
  }

  /** Nothing new is begun; what was begun is brought to its end. */
  finish(): void {
    this.finishing = true;
    this.#upkeep.running = false;
    for (const { release } of this.#rests) release();
    this.#rests.clear();
  }

  /** Nobody changes the members until the function returned is called. */
  hold(): () => void {
    const hold = {};
    this.#holds.add(hold);
    return () => this.#holds.delete(hold);
  }

  /**
   * Holds changes of members back, and strikes when none is under way: until `strike` calls what it is given, nobody
   * changes them. It never strikes when that takes too long.
   */
  whenResting(strike: (release: () => void) => void): void {
    this.#rests.add({ strike, release: this.hold(), untilUs: this.world.kernel.nowUs + restMostUs });
  }

  /** A disk may fall back: the members stay as they are until that is over. */
  addRisk(node: SimNode, release: () => void): Risk {
    const risk = new Risk(this.world, this, node, release);
    this.#risks.add(risk);
    return risk;
  }

  get riskCount(): number {
    return this.#risks.size;
  }

  /** Whether no change of members is under way, by anybody's log or in any message. */
  #isResting(): boolean {
    const { world } = this;
    const { kernel, ledger } = world;
    if (this.#settledCount < this.#asked || kernel.nowUs - this.#movedUs < quietUs) return false;
    const leader = world.leader()?.member;
    if (leader === undefined) return false;
    for (const member of world.up()) if (member.raftStatus().config.votersOutgoing.length > 0) return false;
    for (const { log } of world.nodes) if (log.changesAbove(ledger.commit) > 0) return false;
    for (let index = leader.applied + 1; index <= ledger.commit; index++) {
      const entry = ledger.committed(index);
      if (entry !== undefined && isChange(entry)) return false;
    }
    return true;
  }

  #strikeRests(): void {
    if (this.#rests.size === 0) return;
    const isResting = this.#isResting();
    for (const rest of this.#rests) {
      if (!isResting && this.world.kernel.nowUs < rest.untilUs) continue;
      this.#rests.delete(rest);
      if (isResting) rest.strike(rest.release);
      else rest.release();
    }
  }

  /** True when every member that was added runs, and none is there whose disk is gone. */
  get settled(): boolean {
    const members = this.#wisest()?.machine.membership;
    if (members === undefined) return false;
    for (const id of this.#lost.values()) if (!members.isRemoved(id)) return false;
    for (const node of this.#joining) {
      if (!node.isUp && members.list().some(({ peerUrls }) => peerUrls.includes(node.url))) return false;
    }
    if (this.world.plan.operators.includes("joint") && this.#demoted().length > 0) return false;
    return true;
  }

  #later(): void {
    const { plan, kernel } = this.world;
    const gapUs = this.#dice.below(2 * plan.operatorGapUs + 1);
    kernel.after(gapUs, EventKind.operator, undefined, () => {
      if (this.finishing) return;
      if (plan.operators.length > 0 && this.#holds.size === 0 && this.lostCount === 0)
        this.#act(this.#dice.pick(plan.operators));
      this.#later();
    });
  }

  #lookLater(): void {
    this.world.kernel.after(lookUs, EventKind.operator, undefined, () => {
      this.#look();
      this.#lookLater();
    });
  }

  /** The running member that has applied most. */
  #wisest(): Member | undefined {
    let wisest: Member | undefined;
    for (const member of this.world.up()) {
      if (!this.#knows(member)) continue;
      if (wisest === undefined || member.applied > wisest.applied) wisest = member;
    }
    return wisest;
  }

  #knows(member: Member): boolean {
    return member.machine.membership.get(member.id) !== undefined;
  }

  #any(): Member | undefined {
    return this.#dice.pickAny(this.world.up());
  }

  #tell(what: string, promise: Promise<unknown>): void {
    this.#asked += 1;
    this.#movedUs = this.world.kernel.nowUs;
    const number = this.#asked;
    this.world.note(`operator ${number}: ${what}`);
    const onSettled = (): void => {
      this.#settledCount += 1;
      this.#movedUs = this.world.kernel.nowUs;
    };
    promise.then(
      () => {
        onSettled();
        this.succeeded += 1;
        this.world.note(`operator ${number}: done`);
      },
      (error: unknown) => {
        onSettled();
        this.failed += 1;
        this.world.note(`operator ${number}: ${error instanceof Error ? error.message : String(error)}`);
      },
    );
  }

  #act(kind: OperatorKind): void {
    const member = this.#any();
    if (member === undefined) return;
    const at = member.options.name;
    const members = member.machine.membership.list();
    switch (kind) {
      case "add":
      case "addLearner":
        this.#add(member, kind === "addLearner");
        return;
      case "promote":
        for (const { id, isLearner } of members) {
          if (isLearner) this.#tell(`promote ${hexId(id)} at ${at}`, member.changes.promote(id));
        }
        return;
      case "remove": {
        const target = this.#dice.pickAny(members);
        if (target !== undefined && members.length > 1) {
          this.#tell(`remove ${hexId(target.id)} at ${at}`, member.changes.remove(target.id));
        }
        return;
      }
      case "update":
        this.#update(member);
        return;
      case "joint":
        this.#swap();
        return;
      case "moveLeader":
        this.#moveLeader();
        return;
    }
  }

  #add(member: Member, isLearner: boolean): void {
    const { world } = this;
    if (world.nodes.length >= machinesMost || member.machine.membership.list().length >= 7) return;
    const node = world.addNode(`m${world.nodes.length + 1}`, { state: "existing", cluster: new Map() });
    this.#joining.add(node);
    const what = isLearner ? "learner" : "voter";
    this.#tell(`add ${node.name} as ${what} at ${member.options.name}`, member.changes.add([node.url], isLearner));
  }

  #update(member: Member): void {
    const { world } = this;
    const target = this.#dice.pickAny(world.nodes.filter((node) => node.member !== undefined));
    if (target?.member === undefined) return;
    const url = `http://${target.name}-${this.#asked}:2380`;
    world.network.hosts.set(url, target);
    this.#tell(
      `update ${target.name} to ${url} at ${member.options.name}`,
      member.changes.update(target.member.id, [url]),
    );
  }

  #moveLeader(): void {
    const leader = this.world.leader()?.member;
    const target = this.#dice.pickAny(leader?.machine.membership.list() ?? []);
    if (leader === undefined || target === undefined) return;
    this.#tell(`move leader to ${hexId(target.id)}`, leader.leadership.moveTo(target.id));
  }

  /** Voters by the record that raft counts as learners now. */
  #demoted(): MemberId[] {
    const member = this.#wisest();
    if (member === undefined) return [];
    const { learners } = member.raftStatus().config;
    return learners.filter((id) => member.machine.membership.get(id)?.isLearner === false);
  }

  /** Demotes one voter and promotes those that were demoted before, in one joint change. */
  #swap(): void {
    const leader = this.world.leader()?.member;
    if (leader === undefined) return;
    const back = this.#demoted();
    const { voters } = leader.raftStatus().config;
    const out = this.finishing || voters.length < 3 ? undefined : this.#dice.pickAny(voters);
    const changes: ConfChangeSingle[] = back.map((nodeId) => ({ type: ConfChangeType.addNode, nodeId }));
    if (out !== undefined) changes.push({ type: ConfChangeType.addLearnerNode, nodeId: out });
    if (changes.length > 0) this.proposeJoint(leader, changes);
  }

  /** Lets a leader propose a joint change, as if another member had forwarded it. */
  proposeJoint(leader: Member, changes: readonly ConfChangeSingle[]): void {
    const transition = changes.length > 1 ? this.#dice.pick([0, 1] as const) : 0;
    const data = encodeConfChangeV2({ transition, changes, context: new Uint8Array(0) });
    const from = leader.machine.membership.list().find(({ id }) => id !== leader.id)?.id ?? leader.id;
    const entry = newEntry(EntryType.confChangeV2, 0, 0, data);
    const message: Message = { ...newMessage(MessageType.prop, leader.id, from, 0), entries: [entry] };
    this.#movedUs = this.world.kernel.nowUs;
    this.world.note(`joint change: ${changes.map(({ type, nodeId }) => `${type} ${hexId(nodeId)}`).join(", ")}`);
    leader.step(message);
  }

  /** Takes note that a member's disk is gone; it is removed, and another machine takes its place. */
  replace(node: SimNode, id: MemberId): void {
    this.#lost.set(node, id);
  }

  /** Members whose disk is gone and who are members still. */
  get lostCount(): number {
    const members = this.#wisest()?.machine.membership;
    let count = 0;
    for (const id of this.#lost.values()) if (members?.isRemoved(id) !== true) count += 1;
    return count;
  }

  #look(): void {
    this.#strikeRests();
    for (const risk of this.#risks) if (risk.maybeEnd()) this.#risks.delete(risk);
    const wisest = this.#wisest();
    if (wisest === undefined) return;
    for (const node of this.#joining) this.#maybeBoot(node, wisest);
    this.#removeLost(wisest);
    if (!this.finishing || this.#holds.size > 0 || this.lostCount > 0) return;
    if (this.world.plan.operators.includes("joint")) this.#swap();
  }

  /** Starts a new machine once its member is known to have been added, with the list of whoever knows most. */
  #maybeBoot(node: SimNode, wisest: Member): void {
    if (node.isAlive || node.wasStarted || node.down === "removed") return;
    const list = wisest.machine.membership.list();
    if (!list.some(({ peerUrls }) => peerUrls.includes(node.url))) return;
    const cluster = new Map<string, readonly string[]>();
    for (const { peerUrls } of list) {
      const host = this.world.network.hostAt(peerUrls);
      const name = this.world.nodes[host?.number ?? -1]?.name;
      if (name !== undefined) cluster.set(name, peerUrls);
    }
    node.birth = { state: "existing", cluster };
    node.boot();
  }

  #removeLost(wisest: Member): void {
    const { kernel } = this.world;
    if (kernel.nowUs < this.#removingUntilUs) return;
    for (const [node, id] of this.#lost) {
      // Who does not know it may not have heard of it yet.
      if (wisest.machine.membership.isRemoved(id)) {
        this.#lost.delete(node);
        if (!this.finishing) this.#add(wisest, false);
        continue;
      }
      // Whoever was asked may end before it answers.
      this.#removingUntilUs = kernel.nowUs + removalUs;
      const removal = wisest.changes.remove(id).finally(() => {
        this.#removingUntilUs = 0;
      });
      this.#tell(`remove ${node.name}, whose disk is gone`, removal);
      return;
    }
  }
}
