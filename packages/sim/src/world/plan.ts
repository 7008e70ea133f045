import { Dice } from "./dice.ts";

/** What may be asked of a run; the rest is drawn from the seed. */
export interface RunRequest {
  readonly seed: number;
  /** Members at the start, 1 to 7; drawn unless given. */
  readonly members?: number;
  /** Events of the safety phase. */
  readonly events?: number;
  /** Only these faults, by number; all unless given. */
  readonly faults?: ReadonlySet<number>;
  /** Only these kinds of faults, often; drawn unless given. */
  readonly kinds?: readonly FaultKind[];
}

export const eventsDefault = 10_000;

/** All kinds of faults that a run may draw. */
export const faultKinds = [
  "kill",
  "power",
  "powerAll",
  "killAll",
  "crashAtStep",
  "isolate",
  "split",
  "oneWay",
  "ring",
  "bridge",
  "halfOpen",
  "loss",
  "delay",
  "duplicate",
  "reorder",
  "reset",
  "replay",
  "narrow",
  "pause",
  "stall",
  "suspend",
  "wallJump",
  "drift",
  "slowDisk",
  "diskStall",
  "syncError",
  "noSpace",
  "writeBack",
  "wipe",
  "stop",
  "options",
  "slowNode",
  "crashAtSend",
  "crashAtSyncEnd",
  "readError",
  "bitFlip",
  "misdirect",
  "lyingSync",
  "rollBack",
] as const;
export type FaultKind = (typeof faultKinds)[number];

/** What clients do. */
export const operationKinds = [
  "put",
  "get",
  "serializableGet",
  "range",
  "delete",
  "deleteRange",
  "txn",
  "nestedTxn",
  "readTxn",
  "compact",
] as const;
export type OperationKind = (typeof operationKinds)[number];

/** What operators do. */
export const operatorKinds = ["add", "addLearner", "promote", "remove", "update", "joint", "moveLeader"] as const;
export type OperatorKind = (typeof operatorKinds)[number];

/** What operators do to one member, beside changes of members. */
export const upkeepKinds = ["defragment", "hash"] as const;
export type UpkeepKind = (typeof upkeepKinds)[number];

/** All that is drawn once for a run: the swarm switches about half of what there is off. */
export interface Plan {
  readonly seed: number;
  readonly members: number;
  readonly events: number;
  readonly electionMs: number;
  readonly heartbeatMs: number;
  readonly preVote: boolean;
  readonly snapshotCount: number;
  readonly catchUpEntries: number;
  readonly walSegmentBytes: number;
  readonly walThreadBytesMin: number;
  readonly backendBatchMs: number;
  readonly backendBatchLimit: number;
  readonly learnersMax: number;
  readonly clients: number;
  readonly keys: number;
  /** Mean time between two operations of a client. */
  readonly thinkUs: number;
  readonly operations: readonly OperationKind[];
  readonly operators: readonly OperatorKind[];
  readonly upkeep: readonly UpkeepKind[];
  readonly operatorGapUs: number;
  readonly faults: readonly FaultKind[];
  readonly faultGapUs: number;
  readonly latencyUs: number;
  readonly latencyJitterUs: number;
  readonly syncUs: number;
  readonly syncJitterUs: number;
  readonly turnUs: number;
  readonly turnJitterUs: number;
  readonly timerJitterUs: number;
  readonly driftPpm: number;
  readonly restartUs: number;
  /** Only faults of these numbers happen. */
  readonly onlyFaults: ReadonlySet<number> | undefined;
}

/** About half of `all`. Each name is drawn from a stream of its own, so a new one changes nothing about the others. */
function half<T extends string>(seed: number, what: string, all: readonly T[]): T[] {
  return all.filter((name) => new Dice(seed, `plan ${what} ${name}`).chance(500));
}

export function drawPlan(request: RunRequest): Plan {
  const dice = new Dice(request.seed, "plan");
  // Drawn in any case, so that the rest of the plan does not depend on what is asked for.
  const drawn = dice.pick([1, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 7]);
  const members = request.members ?? drawn;
  const operations = half(request.seed, "operation", operationKinds);
  const slow = dice.chance(200);
  const membership = dice.chance(600);
  return {
    seed: request.seed,
    members,
    events: request.events ?? eventsDefault,
    electionMs: 1000,
    heartbeatMs: 100,
    preVote: !dice.chance(150),
    snapshotCount: dice.pick([10, 20, 100, 10_000]),
    catchUpEntries: dice.pick([1, 5, 30]),
    walSegmentBytes: dice.pick([4096, 16_384, 64_000, 64_000_000]),
    walThreadBytesMin: new Dice(request.seed, "plan log thread").pick([0, 150, 256 * 1024]),
    backendBatchMs: dice.pick([10, 100, 100, 1000]),
    backendBatchLimit: dice.pick([5, 100, 10_000]),
    learnersMax: dice.pick([1, 2]),
    clients: dice.between(1, 8),
    keys: dice.pick([1, 3, 10, 100]),
    thinkUs: dice.pick([2_000, 20_000, 100_000, 400_000]),
    operations: operations.includes("put") ? operations : ["put", ...operations],
    operators: membership ? half(request.seed, "operator", operatorKinds) : dice.chance(500) ? ["moveLeader"] : [],
    upkeep: half(request.seed, "upkeep", upkeepKinds),
    operatorGapUs: dice.pick([1_000_000, 3_000_000, 8_000_000]),
    faults: request.kinds ?? (dice.chance(50) ? [] : half(request.seed, "fault", faultKinds)),
    faultGapUs: dice.pick([300_000, 1_000_000, 3_000_000]),
    latencyUs: dice.pick([50, 300, 2_000, 20_000]),
    latencyJitterUs: dice.pick([0, 100, 2_000, 30_000]),
    syncUs: dice.pick([50, 300, 2_000]),
    syncJitterUs: dice.pick([0, 500, 8_000]),
    turnUs: slow ? 2_000 : 20,
    turnJitterUs: slow ? 8_000 : dice.pick([0, 30, 500]),
    timerJitterUs: dice.pick([0, 1_000, 5_000]),
    driftPpm: dice.pick([0, 0, 200, 100_000]),
    restartUs: dice.pick([50_000, 300_000, 2_000_000]),
    onlyFaults: request.faults,
  };
}
