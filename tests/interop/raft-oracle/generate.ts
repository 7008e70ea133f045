import { type MemberId, SeededRandom } from "@quorate/base";
import { EntryType, type Message, MessageType } from "@quorate/raft";
import { Cluster } from "./cluster.ts";
import { type Command, drawConfig, isLossy, Op, type Schedule } from "./commands.ts";
import type { Node } from "./node.ts";

/** More messages than this are not kept on their way. */
const networkMax = 60;

/** How often each thing happens in a schedule, in relation to the others; some never do. */
type Weights = Readonly<Record<Happening, number>>;

const usual = {
  deliver: 400,
  append: 150,
  apply: 100,
  tick: 60,
  propose: 60,
  read: 20,
  change: 30,
  transfer: 8,
  compact: 15,
  crash: 10,
  unreachable: 5,
  snapStatus: 5,
  forget: 3,
  snapshots: 3,
  inject: 4,
  strange: 2,
  campaign: 8,
  cut: 6,
} as const;
type Happening = keyof typeof usual;

/** What goes on while a group is left in peace, so that it gets somewhere. */
const calm: Weights = {
  ...usual,
  tick: 12,
  propose: 40,
  change: 12,
  transfer: 2,
  compact: 8,
  crash: 0,
  unreachable: 0,
  snapStatus: 0,
  forget: 0,
  snapshots: 0,
  campaign: 2,
  cut: 0,
};

/** What some schedules are mainly about, in calm phases too. */
const subjects: readonly (readonly Happening[])[] = [
  [],
  ["change", "crash"],
  ["change", "cut", "tick"],
  ["crash", "campaign"],
  ["compact", "cut", "snapshots", "propose"],
  ["compact", "crash", "change"],
  ["campaign", "transfer", "forget", "tick"],
  ["cut", "campaign", "propose"],
  ["read", "unreachable", "snapStatus"],
];

/** Each seed has features of its own: what it does much, little or never. */
function drawWeights(random: SeededRandom, lossy: boolean): { readonly wild: Weights; readonly calm: Weights } {
  const factors = [0, 0.3, 1, 1, 1, 4];
  const wild: Record<Happening, number> = { ...usual };
  const quiet: Record<Happening, number> = { ...calm };
  for (const name of Object.keys(usual) as Happening[]) {
    if (name === "deliver") continue;
    const isWork = name === "append" || name === "apply";
    wild[name] = usual[name] * drawnOf(random, isWork ? [0.2, 1, 1, 1, 1, 1] : factors);
  }
  wild.tick = Math.max(wild.tick, 20);
  if (lossy) wild.crash = usual.crash * 4;
  for (const name of drawnOf(random, subjects)) {
    wild[name] = usual[name] * 4;
    quiet[name] = usual[name];
  }
  return { wild, calm: quiet };
}

const drawnOf = <T>(random: SeededRandom, items: readonly T[]): T => items[random.below(items.length)] as T;

/**
 * Makes the schedule of a seed while it is played: members and network are chosen by what there is to do.
 *
 * @param onStep is told what came of each command.
 */
export function generate(seed: number, onStep: (text: string) => void): { schedule: Schedule; cluster: Cluster } {
  const random = new SeededRandom(seed);
  const config = drawConfig(random);
  const cluster = new Cluster(config);
  const player = new Player(random, cluster, onStep);
  player.play(200 + random.below(320));
  return { schedule: { config, commands: player.commands }, cluster };
}

class Player {
  readonly commands: Command[] = [];
  readonly #random: SeededRandom;
  readonly #cluster: Cluster;
  readonly #onStep: (text: string) => void;
  readonly #weights: { readonly wild: Weights; readonly calm: Weights };
  /** Schedules alternate between phases in which everything may happen and calm ones, in which links hold. */
  #isCalm = true;
  #phaseEnd = 0;
  /** Out of 1000 messages. */
  readonly #lost: number;
  readonly #doubled: number;
  readonly #reordered: number;
  /** Out of 100 inputs, how many are not followed by a batch at once. */
  readonly #gathered: number;
  /** Whether members crash at bad moments, beside any. */
  readonly #crashes: boolean;
  /** A member whose links are cut, in one direction or both. */
  #cut: { readonly id: MemberId; readonly oneWay: boolean } | undefined;

  constructor(random: SeededRandom, cluster: Cluster, onStep: (text: string) => void) {
    this.#random = random;
    this.#cluster = cluster;
    this.#onStep = onStep;
    this.#weights = drawWeights(random, isLossy(cluster.config));
    this.#lost = this.#pick([0, 0, 20, 80, 200]);
    this.#doubled = this.#pick([0, 20, 80]);
    this.#reordered = this.#pick([0, 100, 400]);
    this.#gathered = this.#pick([0, 10, 30, 60]);
    this.#crashes = this.#weights.wild.crash > 0 && this.#chance(500);
  }

  play(steps: number): void {
    this.#do([Op.campaign, 1 + this.#random.below(this.#cluster.config.voters)]);
    while (this.commands.length < steps) this.#step();
    for (let number = 1; number <= this.#cluster.nodes.length; number++) this.#do([Op.disk, number]);
  }

  #do(command: Command): void {
    this.commands.push(command);
    this.#onStep(this.#cluster.run(command));
  }

  #pick<T>(items: readonly T[]): T {
    return drawnOf(this.#random, items);
  }

  #chance(outOf1000: number): boolean {
    return this.#random.below(1000) < outOf1000;
  }

  #step(): void {
    const { nodes, network } = this.#cluster;
    if (this.commands.length >= this.#phaseEnd) {
      this.#isCalm = this.#chance(600);
      this.#phaseEnd = this.commands.length + 20 + this.#random.below(80);
      if (this.#isCalm && this.#chance(700)) this.#cut = undefined;
    }
    if (network.length > networkMax) {
      this.#do([Op.deliver, this.#random.below(network.length), 2]);
      return;
    }
    if (this.#crashes && this.#chance(25) && this.#crashAtWorst()) return;
    if (this.#random.below(100) >= this.#gathered) {
      const at = nodes.findIndex((node) => !node.stopped && node.raw.hasReady());
      if (at >= 0) {
        this.#do([Op.ready, at + 1]);
        return;
      }
    }
    this.#happen(this.#draw());
  }

  #draw(): Happening {
    const weights = this.#isCalm ? this.#weights.calm : this.#weights.wild;
    const sum = Object.values(weights).reduce((before, weight) => before + weight, 0);
    let left = this.#random.below(Math.ceil(sum));
    for (const name of Object.keys(weights) as Happening[]) {
      left -= weights[name];
      if (left < 0) return name;
    }
    return "deliver";
  }

  #happen(what: Happening): void {
    const n = 1 + this.#random.below(this.#cluster.nodes.length);
    switch (what) {
      case "deliver":
        this.#deliver();
        break;
      case "append":
        this.#work(Op.append, (node) => node.appends.length > 0);
        break;
      case "apply":
        this.#work(Op.apply, (node) => node.applies.length > 0);
        break;
      case "tick":
        this.#tick(this.#chance(200) ? this.#mostlyLeader(n) : n);
        break;
      case "campaign":
        this.#do([Op.campaign, n]);
        break;
      case "propose":
        this.#do([Op.propose, this.#mostlyLeader(n), this.#pick([1, 1, 1, 2, 4]), this.#pick([0, 1, 8, 20, 50, 90])]);
        break;
      case "read":
        this.#do([Op.read, this.#random.below(3) === 0 ? n : this.#mostlyLeader(n)]);
        break;
      case "change":
        this.#change(this.#mostlyLeader(n));
        break;
      case "transfer":
        this.#do([Op.transfer, this.#mostlyLeader(n), this.#member()]);
        break;
      case "compact":
        this.#do([Op.compact, this.#mostlyLeader(n), this.#random.below(4)]);
        break;
      case "crash":
        this.#crash(n);
        break;
      case "unreachable":
        this.#do([Op.unreachable, this.#mostlyLeader(n), this.#member()]);
        break;
      case "snapStatus":
        this.#do([Op.snapStatus, this.#mostlyLeader(n), this.#member(), this.#random.below(2)]);
        break;
      case "forget":
        this.#do([Op.forget, n]);
        break;
      case "snapshots":
        this.#do([Op.snapshots, this.#mostlyLeader(n), this.#random.below(3) === 0 ? 0 : 1]);
        break;
      case "inject":
        this.#inject(this.#mostlyLeader(n));
        break;
      case "strange":
        this.#strange(n);
        break;
      case "cut":
        this.#cut = this.#cut === undefined ? { id: this.#cluster.id(n), oneWay: this.#chance(500) } : undefined;
        break;
    }
  }

  #member(): number {
    return 1 + this.#random.below(this.#cluster.nodes.length);
  }

  #mostlyLeader(n: number): number {
    const { leader } = this.#cluster;
    return leader === undefined || this.#chance(250) ? n : this.#cluster.numberOf(leader.id);
  }

  #work(op: Op, has: (node: Node) => boolean): void {
    const { nodes } = this.#cluster;
    const start = this.#random.below(nodes.length);
    for (let i = 0; i < nodes.length; i++) {
      const at = (start + i) % nodes.length;
      if (has(nodes[at] as Node)) {
        this.#do([op, at + 1]);
        return;
      }
    }
  }

  #tick(n: number): void {
    // Alone members tick often enough to campaign, and all at the same pace otherwise.
    const times = this.#chance(150) ? 1 + this.#random.below(2 * this.#cluster.config.electionTicks) : 1;
    for (let i = 0; i < times; i++) this.#do([Op.tick, n]);
  }

  #isCut({ from, to }: Message): boolean {
    const cut = this.#cut;
    return cut !== undefined && (from === cut.id || (to === cut.id && !cut.oneWay));
  }

  #deliver(): void {
    const { network } = this.#cluster;
    if (network.length === 0) return;
    const at = this.#chance(this.#reordered) ? this.#random.below(network.length) : 0;
    const message = network[at] as Message;
    const lost = this.#isCut(message) || (!this.#isCalm && this.#chance(this.#lost));
    const fate = lost ? 2 : this.#chance(this.#doubled) ? 1 : 0;
    this.#do([Op.deliver, at, fate]);
    const sender = this.#cluster.numberOf(message.from);
    const target = this.#cluster.numberOf(message.to);
    if (message.type === MessageType.snap && this.#chance(800)) {
      this.#do([Op.snapStatus, sender, target, lost || this.#chance(100) ? 0 : 1]);
    } else if (lost && this.#chance(100)) {
      this.#do([Op.unreachable, sender, target]);
    }
  }

  /** A change of one to three members, or the end of a joint configuration. */
  #change(n: number): void {
    const { votersOutgoing } = (this.#cluster.nodes[n - 1] as Node).raw.status().config;
    const leave = this.#chance(votersOutgoing.length > 0 ? 600 : 30);
    if (leave) {
      this.#do([Op.change, n, 2, this.#chance(50) ? 2 : 0]);
      return;
    }
    const count = this.#pick([1, 1, 1, 2, 3]);
    const changes: number[] = [];
    for (let i = 0; i < count; i++) {
      const kind = this.#pick([0, 0, 0, 1, 1, 3, 3, 2]);
      changes.push(kind, this.#chance(20) ? 0 : this.#member());
    }
    const form = count === 1 && this.#chance(500) ? 1 : 2;
    this.#do([Op.change, n, form, form === 1 ? 0 : this.#pick([0, 0, 0, 1, 2, 2]), ...changes]);
  }

  #inject(n: number): void {
    const added = (): number => 5 + this.#random.below(4) + 4 * this.#member();
    const kinds = Array.from({ length: 1 + this.#random.below(3) }, () => this.#pick([0, 0, 1, 2, 3, 4, added()]));
    this.#do([Op.inject, n, this.#member(), ...kinds]);
  }

  /** Mostly from whoever leads. */
  #strange(n: number): void {
    const from = this.#mostlyLeader(this.#member());
    if (from !== n) this.#do([Op.strange, n, from, this.#random.below(3)]);
  }

  #crash(n: number): void {
    const { appends } = this.#cluster.nodes[n - 1] as Node;
    const full = this.#random.below(appends.length + 1);
    // Often all entries of the batch were written, and only the hard state behind them is lost.
    const torn = this.#pick([0, 0, 1 + this.#random.below(5), 99, 99]);
    const lost = isLossy(this.#cluster.config) && this.#chance(400) ? 1 + this.#random.below(4) : 0;
    this.#do([Op.crash, n, full, torn, this.#random.below(2), lost, this.#chance(100) ? 1 : 0]);
  }

  /** Crashes a member that writes a change of members or the first entries of a term: all but the hard state is kept. */
  #crashAtWorst(): boolean {
    const { nodes } = this.#cluster;
    const at = nodes.findIndex(({ appends: [batch], disk, stopped }) => {
      if (stopped || batch === undefined || batch.hardState === undefined || batch.entries.length === 0) return false;
      return batch.hardState.term > disk.hardState.term || batch.entries.some(({ type }) => type !== EntryType.normal);
    });
    if (at >= 0) this.#do([Op.crash, at + 1, 0, 99, this.#random.below(2), 0, 0]);
    return at >= 0;
  }
}
