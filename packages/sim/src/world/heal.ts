import type { HistoryRecorder } from "../history/index.ts";
import type { Member } from "@quorate/member";
import { hexId } from "@quorate/base";
import { EventKind } from "./kernel.ts";
import { describeConfState } from "./invariants/membership-agreement.ts";
import { marked } from "./marks.ts";
import type { SimNode } from "./node.ts";
import { RequestKind } from "@quorate/state";
import { proposalOf } from "./requests.ts";
import { Violation } from "./violation.ts";
import type { World } from "./world.ts";

const lookUs = 50_000;
const writesMost = 2000;
/** Opening what is on a disk takes less. */
const bootMostUs = 1_000_000;
const catalogueRounds = 3;
const roundsWithoutPreVote = 65;
const slackUs = 2_000_000;
/** All members must have applied the same within this time. */
const convergeUs = 30_000_000;

/**
 * The second phase of a run: no more faults, and the cluster must become well again.
 *
 * ```
 *   all processes run ─▶ a write succeeds (G7) ─▶ all applied the same ─▶ equal hashes (G3), equal members (G9)
 * ```
 *
 * The time for the write is the catalogue's: three election timeouts and 2 s. It begins when the last fault is over, and
 * that is when nobody is held up any more and supervisors have started what was killed.
 *
 * Without pre-votes it is 65 election timeouts. Each candidacy then begins a term and makes everybody draw a new timeout,
 * so every round is won or lost by who draws the shortest. At worst four voters are left of seven, each of them is needed,
 * and only one has a log that the others vote for: it draws the shortest in a quarter of the rounds, and now and then
 * another one's time is over before its votes are there. A round that is won in a fifth of the cases and lasts 1.2 election
 * timeouts elects nobody in 65 of them once in 100,000 runs without anything being wrong; in twenty once in forty.
 */
export class Healing {
  done = false;
  readonly #world: World;
  readonly #recorder: HistoryRecorder;
  readonly #settled: () => boolean;
  #startedUs = 0;
  /** When the last fault was over. */
  #wellUs = 0;
  #wroteUs = 0;
  #writes = 0;

  /** @param settled whether nothing that operators began is unfinished. */
  constructor(world: World, recorder: HistoryRecorder, settled: () => boolean = () => true) {
    this.#world = world;
    this.#recorder = recorder;
    this.#settled = settled;
  }

  start(): void {
    const { kernel, nodes } = this.#world;
    // Whoever was stopped for a while goes on when that is over.
    this.#startedUs = kernel.nowUs;
    for (const { life, disk } of nodes) {
      this.#startedUs = Math.max(this.#startedUs, life?.resumeUs ?? 0, disk.stillUntilUs);
    }
    kernel.at(this.#startedUs, EventKind.script, undefined, () => this.#later(() => this.#await()));
  }

  /** Waits until supervisors have started what was killed, for as long as they may take. */
  #await(): void {
    const { kernel, plan, nodes } = this.#world;
    const isDown = nodes.some((node) => this.#world.mayRestart(node) || (node.isAlive && !node.isUp));
    if (isDown && kernel.nowUs - this.#startedUs < 2 * plan.restartUs + bootMostUs) {
      this.#later(() => this.#await());
      return;
    }
    this.#wellUs = kernel.nowUs;
    this.#write();
  }

  #later(action: () => void): void {
    this.#world.kernel.after(lookUs, EventKind.script, undefined, () => this.#world.guard(action));
  }

  /** Members that should run: those that whoever knows most counts as members. */
  #belonging(): SimNode[] {
    const { nodes } = this.#world;
    let wisest: Member | undefined;
    for (const { member } of nodes)
      if (member !== undefined && member.applied >= (wisest?.applied ?? 0)) wisest = member;
    return nodes.filter(
      ({ member }) => member !== undefined && wisest?.machine.membership.get(member.id) !== undefined,
    );
  }

  #write(): void {
    const { kernel, plan } = this.#world;
    if (this.#wroteUs > 0) {
      this.#converge();
      return;
    }
    const rounds = plan.preVote ? catalogueRounds : roundsWithoutPreVote;
    const limitUs = rounds * plan.electionMs * 1000 + slackUs;
    if (kernel.nowUs - this.#wellUs > limitUs) {
      throw new Violation("G7", `no write has succeeded ${limitUs / 1_000_000} s after the last fault`);
    }
    for (const { member } of this.#world.nodes) if (member !== undefined) this.#put(member);
    this.#later(() => this.#write());
  }

  #put(member: Member): void {
    this.#writes += 1;
    const { kernel } = this.#world;
    const request = { kind: "put", key: "healed", value: `h${this.#writes}` } as const;
    const proposal = proposalOf(request);
    if (proposal === undefined || this.#writes > writesMost) return;
    const id = this.#recorder.invoke(`healer ${this.#writes}`, kernel.nowUs, request);
    member.propose(RequestKind.put, marked(proposal.body, id), {
      settle: (outcome) => {
        if (outcome.kind === "put") {
          const { revision } = outcome;
          this.#recorder.finish(id, kernel.nowUs, { status: "ok", revision, response: { kind: "put" } });
        }
        if (outcome.kind === "put" && this.#wroteUs === 0) this.#wroteUs = this.#world.kernel.nowUs;
      },
      fail: () => undefined,
    });
  }

  #converge(): void {
    const { kernel } = this.#world;
    const nodes = this.#belonging();
    const leader = this.#world.leader()?.member;
    const members = leader?.machine.membership.list() ?? [];
    const missing = members.filter(({ id }) => !nodes.some(({ member }) => member?.id === id));
    const behind = nodes.filter(({ member }) => member?.applied !== leader?.applied || member?.lead === 0n);
    if (leader !== undefined && missing.length === 0 && behind.length === 0 && this.#settled()) {
      this.#compare(nodes.map(({ member }) => member as Member));
      this.done = true;
      return;
    }
    if (kernel.nowUs - this.#wroteUs > convergeUs) {
      throw new Violation(
        "G7",
        `the members have not come together after ${convergeUs / 1_000_000} s: ` +
          `missing ${missing.map(({ id, peerUrls }) => `${hexId(id)} ${peerUrls.join()}`).join("; ")}; behind ${behind.map(({ name }) => name).join(" ")}; ` +
          `operators ${this.#settled() ? "are done" : "are not done"}`,
      );
    }
    this.#later(() => this.#converge());
  }

  #compare(members: readonly Member[]): void {
    const [first] = members;
    if (first === undefined) return;
    const describe = (member: Member): string => {
      const { machine } = member;
      const list = machine.membership
        .list()
        .map(({ id, name, peerUrls, isLearner }) => `${hexId(id)} ${name} ${peerUrls.join()} ${isLearner}`);
      return [
        ...list,
        `removed ${machine.membership.removed().map(hexId).join()}`,
        describeConfState(member.raftStatus().config),
      ].join("; ");
    };
    const hash = (member: Member): string => {
      const job = member.machine.store.hashByRev(0);
      if ("kind" in job) return job.kind;
      const result = job.step(Number.POSITIVE_INFINITY);
      return `${result?.revision} ${result?.compactRevision} ${result?.hash}`;
    };
    for (const member of members) {
      const differs = (id: string, a: string, b: string): void => {
        if (a !== b) throw new Violation(id, `${first.options.name} has ${a}, and ${member.options.name} has ${b}`);
      };
      differs("G9", describe(first), describe(member));
      differs("G3", hash(first), hash(member));
    }
    this.#world.note(`healed: ${hash(first)}`);
  }
}
