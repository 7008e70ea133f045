import { SeededRandom } from "@quorate/base";

/**
 * A schedule: how the members are set up, and what happens to them, as plain numbers that both sides read alike.
 * Every command has a meaning in every state, so that a schedule can be shortened anywhere.
 */
export interface Schedule {
  readonly config: ScheduleConfig;
  readonly commands: readonly Command[];
}

/** A number of `Op`, then its arguments; members are numbered from 1. */
export type Command = readonly number[];

export interface ScheduleConfig {
  readonly members: number;
  /** The first members vote from the start, the next ones learn; the others know nobody. */
  readonly voters: number;
  readonly learners: number;
  readonly electionTicks: number;
  readonly heartbeatTicks: number;
  /** 1 pre-vote, 2 check of the quorum, 4 step down on removal, 8 proposals are not forwarded, 16 disks lose what was durable. */
  readonly flags: number;
  readonly sizePerMessage: number;
  readonly inflightMessages: number;
  readonly inflightBytes: number;
  readonly uncommitted: number;
  readonly committedPerReady: number;
  /** Changes in the first form that name this member are found void when they are applied; 0: none are. */
  readonly void: number;
  /** Whether identities use all 64 bits. */
  readonly wide: number;
  /** Of the election timeouts. */
  readonly seed: number;
}

/** The commands, with their arguments. */
export const Op = {
  /** member */
  tick: 0,
  /** member */
  campaign: 1,
  /** member, count, size: so many entries in one batch */
  propose: 2,
  /** member, form (1 or 2), transition, then kind and member of each change */
  change: 3,
  /** member */
  read: 4,
  /** member, target */
  transfer: 5,
  /** member, other */
  unreachable: 6,
  /** member, other, whether it arrived */
  snapStatus: 7,
  /** member */
  forget: 8,
  /** member: take one batch of effects */
  ready: 9,
  /** member: the oldest batch becomes durable */
  append: 10,
  /** member: the oldest batch is applied */
  apply: 11,
  /** place in the network, fate: 0 arrives, 1 arrives and stays to come again, 2 is lost */
  deliver: 12,
  /** member, entries to keep */
  compact: 13,
  /**
   * member, batches written, entries of the next one written (plus 1; 0: none), whether applied survives, durable entries
   * lost, whether commit survives their loss
   */
  crash: 14,
  /** member, whether snapshots can be had */
  snapshots: 15,
  /** member, sender, kinds of entries: a proposal that came over the network */
  inject: 16,
  /** member: compare what is on its disk */
  disk: 17,
  /** member, sender, ahead: if that one leads, a snapshot without the member, so many entries and one more ahead of its commit */
  strange: 18,
} as const;
export type Op = (typeof Op)[keyof typeof Op];

const names: readonly string[] = Object.keys(Op);

/** Prints a command for people. */
export function describe(command: Command): string {
  const [op = 0, ...rest] = command;
  return [names[op] ?? `op ${op}`, ...rest].join(" ");
}

const configOrder = [
  "members",
  "voters",
  "learners",
  "electionTicks",
  "heartbeatTicks",
  "flags",
  "sizePerMessage",
  "inflightMessages",
  "inflightBytes",
  "uncommitted",
  "committedPerReady",
  "void",
  "wide",
  "seed",
] as const satisfies readonly (keyof ScheduleConfig)[];

/** Writes a schedule as one line, which the Go program and `parseSchedule` read. */
export function formatSchedule({ config, commands }: Schedule): string {
  const head = configOrder.map((field) => config[field]).join(" ");
  return [head, ...commands.map((command) => command.join(" "))].join(";");
}

/** @throws Error when the line is no schedule. */
export function parseSchedule(line: string): Schedule {
  const [head = [], ...commands] = line.split(";").map((part) => part.trim().split(/\s+/).map(Number));
  if (head.length !== configOrder.length || commands.flat().concat(head).some(Number.isNaN)) {
    throw new Error(`not a schedule: ${line.slice(0, 100)}`);
  }
  const fields = Object.fromEntries(configOrder.map((field, i) => [field, head[i]]));
  return { config: fields as unknown as ScheduleConfig, commands };
}

/** Whether durable entries may be lost: then members may stop, as they must. */
export const isLossy = (config: ScheduleConfig): boolean => (config.flags & 16) !== 0;

/** Draws what kind of members a schedule has. Small numbers, so that limits are met early. */
export function drawConfig(random: SeededRandom): ScheduleConfig {
  const below = (bound: number): number => random.below(bound);
  const pick = <T>(...items: readonly T[]): T => items[below(items.length)] as T;
  const voters = pick(1, 2, 3, 3, 3, 3, 4, 5);
  const learners = pick(0, 0, 0, 1, 2);
  const sizePerMessage = pick(0, 24, 60, 200, 1024, 2 ** 40);
  const electionTicks = pick(2, 3, 3, 4, 5, 10);
  const flags = pick(0, 1, 2, 3, 3, 3) + pick(0, 4) + pick(0, 0, 0, 8) + pick(0, 0, 0, 0, 0, 16);
  return {
    members: Math.min(7, voters + learners + pick(0, 0, 1, 2, 3)),
    voters,
    learners,
    electionTicks,
    heartbeatTicks: 1 + below(Math.min(2, electionTicks - 1)),
    flags,
    sizePerMessage,
    inflightMessages: pick(1, 2, 3, 16),
    inflightBytes: Math.max(sizePerMessage, pick(1, 64, 300, 2 ** 40)),
    uncommitted: pick(30, 100, 400, 2 ** 40),
    committedPerReady: pick(1, 40, 120, 2 ** 40),
    void: pick(0, 0, voters, voters + 1),
    wide: pick(0, 0, 0, 1),
    seed: below(2 ** 32),
  };
}
