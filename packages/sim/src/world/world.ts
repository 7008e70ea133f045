import type { LogLevel } from "@quorate/base";
import type { Member, MemberOptions, Storage } from "@quorate/member";
import { Checks } from "./checks.ts";
import { Dice } from "./dice.ts";
import { type CrashMode, DeadProcessError } from "./disk.ts";
import { EventKind, Kernel } from "./kernel.ts";
import { Ledger } from "./ledger.ts";
import type { LogReader } from "./member-log.ts";
import { Model } from "./model.ts";
import { Network } from "./network.ts";
import { type NodeWatcher, type NodeWorld, SimNode } from "./node.ts";
import type { Birth } from "./node-ends.ts";
import type { Plan } from "./plan.ts";
import { Violation } from "./violation.ts";

/** What a world may be told beside its plan. */
export interface WorldOptions {
  readonly overrides?: Partial<MemberOptions>;
  /** Gets the lines that the members log. */
  readonly logLines?: (node: string, level: LogLevel, message: string, fields: unknown) => void;
  /** Violations of these invariants are kept in `tolerated` instead of ending the run. */
  readonly tolerate?: readonly string[];
}

/** Something worth telling in the story of a run. */
export interface Note {
  readonly atUs: number;
  readonly event: number;
  readonly text: string;
}

const notesKept = 2000;
/** A supervisor waits for so long before it starts again what would not start. */
const patienceUs = 500_000;

/** A cluster with everything around it: machines, network, time, and those who watch. */
export class World implements NodeWorld, NodeWatcher {
  readonly plan: Plan;
  readonly kernel: Kernel = new Kernel();
  readonly network: Network;
  readonly ledger: Ledger = new Ledger();
  readonly model: Model = new Model();
  readonly checks: Checks;
  readonly nodes: SimNode[] = [];
  readonly overrides: Partial<MemberOptions>;
  readonly logLines: WorldOptions["logLines"] | undefined;
  readonly notes: Note[] = [];
  readonly tolerated: Violation[] = [];
  /** What ended the run. */
  failure: Error | undefined;
  /** The highest revision that any answer showed. */
  seenRevision = 0;
  /** Supervisors start processes again. */
  supervised = true;
  /** Called when a process has ended. */
  readonly onNodeDown: ((node: SimNode) => void)[] = [];
  /** Called after each event. */
  readonly afterEvent: (() => void)[] = [];
  readonly #tolerate: ReadonlySet<string>;
  readonly #supervisor: Dice;

  constructor(plan: Plan, options: WorldOptions = {}) {
    this.plan = plan;
    this.overrides = options.overrides ?? {};
    this.logLines = options.logLines;
    this.#tolerate = new Set(options.tolerate ?? []);
    this.network = new Network(this.kernel, new Dice(plan.seed, "network"), plan.latencyUs, plan.latencyJitterUs);
    this.checks = new Checks(this.ledger, this.model, plan.operators.includes("joint"));
    this.#supervisor = new Dice(plan.seed, "supervisor");
    this.network.watcher = { onSend: (from, message) => this.guard(() => this.checks.onSend(from, message)) };
  }

  get watcher(): NodeWatcher {
    return this;
  }

  /** Makes the machines of a new cluster, and starts them. */
  found(count: number): void {
    const names = Array.from({ length: count }, (_, i) => `m${i + 1}`);
    const cluster = new Map(names.map((name) => [name, [`http://${name}:2380`]]));
    for (const name of names) this.addNode(name, { state: "new", cluster });
    for (const node of this.nodes) {
      this.kernel.after(this.#supervisor.below(20_000), EventKind.supervisor, undefined, () => node.boot());
    }
  }

  addNode(name: string, birth: Birth): SimNode {
    const node = new SimNode(this, name, this.nodes.length, birth);
    this.nodes.push(node);
    return node;
  }

  node(name: string): SimNode {
    const node = this.nodes.find((other) => other.name === name);
    if (node === undefined) throw new Error(`no machine is called ${name}`);
    return node;
  }

  /** Members that run, in order of their machines. */
  up(): Member[] {
    return this.nodes.flatMap(({ member }) => (member === undefined ? [] : [member]));
  }

  /** Who leads in the highest term, by its own account. */
  leader(): SimNode | undefined {
    let found: SimNode | undefined;
    for (const node of this.nodes) {
      if (node.member?.isLeader !== true) continue;
      if (found === undefined || node.member.term > (found.member?.term ?? 0)) found = node;
    }
    return found;
  }

  note(text: string): void {
    this.kernel.mixText(text);
    if (this.notes.length >= notesKept) this.notes.splice(0, notesKept / 2);
    this.notes.push({ atUs: this.kernel.nowUs, event: this.kernel.count, text });
  }

  /** Runs a check; a violation ends the run unless it is tolerated. */
  guard(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.fail(error);
    }
  }

  fail(error: unknown): void {
    if (error instanceof Violation && this.#tolerate.has(error.invariant)) {
      this.tolerated.push(error);
      return;
    }
    this.failure ??= error instanceof Error ? error : new Error(String(error));
  }

  /**
   * Runs the next event. All that it makes promises do must have run before `settle`.
   *
   * @returns false when the run is over.
   */
  step(): boolean {
    if (this.failure !== undefined) return false;
    try {
      return this.kernel.step();
    } catch (error) {
      const { current } = this.kernel;
      // What a process that has just been killed says does not matter.
      const isOver = error instanceof DeadProcessError || current?.alive === false;
      if (!isOver) {
        this.fail(
          new Violation(
            "G8",
            `an event threw: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`,
          ),
        );
      }
      return true;
    }
  }

  /** Looks at what the event did. */
  settle(): void {
    const { current } = this.kernel;
    this.guard(() => {
      if (current !== undefined) {
        const node = this.nodes[current.number];
        if (node !== undefined) this.checks.afterEvent(node);
      } else for (const node of this.nodes) this.checks.afterEvent(node);
      for (const look of this.afterEvent) look();
    });
  }

  readerOf(node: SimNode): LogReader {
    const reader = this.checks.readerOf(node);
    return {
      onEntry: (entry, hash, previousTerm) => this.guard(() => reader.onEntry(entry, hash, previousTerm)),
      onTruncate: (index, term) => this.guard(() => reader.onTruncate(index, term)),
      onHardState: (state, before) => this.guard(() => reader.onHardState(state, before)),
      onDurable: () => this.guard(() => reader.onDurable()),
    };
  }

  onMissing(node: SimNode, missing: string): void {
    if (node.risk === undefined) {
      this.fail(new Violation("I5", `${node.name} starts without what was durable: ${missing}`));
      return;
    }
    this.note(`${node.name} has forgotten ${missing}`);
    node.risk.onForgot();
    this.checks.excuse(node);
  }

  onBoot(node: SimNode, storage: Storage): void {
    this.guard(() => this.checks.onBoot(node, storage, node.durableAtStart));
  }

  onBroken(node: SimNode, error: unknown): void {
    const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
    this.fail(new Violation("G8", `${node.name} broke: ${text}`));
  }

  onNote(text: string): void {
    this.note(text);
  }

  onDown(node: SimNode): void {
    this.checks.onDown(node);
    if (!node.powerLost) this.network.closePorts(node, () => !node.isAlive && !node.powerLost);
    if (node.down === "refused") node.risk?.onRefused();
    for (const tell of this.onNodeDown) tell(node);
    this.superviseLater(node);
  }

  /** Whether a supervisor would start it again: also whoever was removed, unless the others are known to know. */
  mayRestart(node: SimNode): boolean {
    if (node.down === undefined || node.down === "new" || node.isAmnesiac) return false;
    return node.down !== "removed" || node.leftUnknowing;
  }

  /** @param hurries at its usual pace; a process that would not start is otherwise given some time. */
  superviseLater(node: SimNode, hurries: boolean = node.down !== "refused"): void {
    if (!this.supervised || !this.mayRestart(node)) return;
    const { restartUs } = this.plan;
    const delayUs = (hurries ? restartUs : Math.max(restartUs, patienceUs)) + this.#supervisor.below(restartUs);
    this.kernel.after(delayUs, EventKind.supervisor, undefined, () => {
      if (this.mayRestart(node)) node.boot();
    });
  }

  /** Draws how a power cut treats a disk. */
  drawCrashMode(dice: Dice): CrashMode {
    return dice.pick(["oldest", "newest", "sectors", "mixed"] as const);
  }
}
