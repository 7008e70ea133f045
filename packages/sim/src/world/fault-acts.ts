import { MessageType } from "@quorate/raft";
import { diskActs } from "./disk-acts.ts";
import { type Act, type FaultAct, type FaultContext, textOf } from "./fault-context.ts";
import type { Way } from "./link.ts";
import type { SimNode } from "./node.ts";
import type { FaultKind } from "./plan.ts";
import type { World } from "./world.ts";

/** Changes the ways between pairs of machines, and back. */
function onWays(
  world: World,
  pairs: readonly (readonly [SimNode, SimNode])[],
  set: (way: Way) => void,
  unset: (way: Way) => void,
  text: string,
): FaultAct {
  const ways = pairs.map(([from, to]) => world.network.way(from, to));
  for (const way of ways) set(way);
  return { text, lift: () => ways.forEach(unset) };
}

const cut = (way: Way): void => way.setCut(true);
const uncut = (way: Way): void => way.setCut(false);

/** Both ways between all of `a` and all of `b`. */
function between(a: readonly SimNode[], b: readonly SimNode[]): (readonly [SimNode, SimNode])[] {
  const pairs: (readonly [SimNode, SimNode])[] = [];
  for (const left of a) for (const right of b) if (left !== right) pairs.push([left, right], [right, left]);
  return pairs;
}

const others = ({ world, victim }: FaultContext): SimNode[] => world.nodes.filter((node) => node !== victim);

/** Some or all ways. */
function somePairs({ world, dice, victim }: FaultContext): (readonly [SimNode, SimNode])[] {
  if (dice.chance(400)) return between(world.nodes, world.nodes);
  const rest = world.nodes.filter((node) => node !== victim);
  return dice.chance(500) ? between([victim], rest) : rest.map((node) => [victim, node] as const);
}

function split(context: FaultContext): { readonly left: SimNode[]; readonly right: SimNode[] } {
  const left: SimNode[] = [];
  const right: SimNode[] = [];
  for (const node of context.world.nodes) (context.dice.chance(500) ? left : right).push(node);
  return { left, right };
}

/** Every process of the machine waits for `us`. */
function hold(node: SimNode, us: number, nowUs: number): void {
  if (node.life !== undefined) node.life.resumeUs = Math.max(node.life.resumeUs, nowUs + us);
}

function power(context: FaultContext, nodes: readonly SimNode[]): FaultAct {
  for (const node of nodes) node.losePower(context.world.drawCrashMode(context.dice));
  return { text: textOf(nodes) };
}

const crashMessages = [
  ["any", undefined],
  ["vote granted", MessageType.voteResp],
  ["vote asked", MessageType.vote],
  ["entries acknowledged", MessageType.appResp],
  ["entries", MessageType.app],
] as const;

/** What each kind of fault does. */
export const acts: Readonly<Record<FaultKind, Act>> = {
  kill: ({ victim }) => {
    victim.kill();
    return { text: victim.name };
  },
  power: (context) => power(context, [context.victim]),
  powerAll: (context) => power(context, context.running),
  killAll: ({ running }) => {
    for (const node of running) node.kill();
    return { text: textOf(running) };
  },
  crashAtStep: ({ victim, dice, world }) => {
    const steps = dice.between(1, 30);
    const cutsPower = dice.chance(700);
    const mode = world.drawCrashMode(dice);
    victim.disk.onStep = () => (cutsPower ? victim.losePower(mode) : victim.kill());
    victim.disk.troubles.stepsLeft = steps;
    return { text: `${victim.name} after ${steps} steps of its disk, ${cutsPower ? mode : "killed"}` };
  },
  isolate: (context) =>
    onWays(context.world, between([context.victim], others(context)), cut, uncut, context.victim.name),
  split: (context) => {
    const { left, right } = split(context);
    return onWays(context.world, between(left, right), cut, uncut, `${textOf(left)} | ${textOf(right)}`);
  },
  oneWay: (context) => {
    const { dice, victim, world } = context;
    const target = dice.pickAny(others(context));
    if (target === undefined) return undefined;
    const pair = dice.chance(500) ? ([victim, target] as const) : ([target, victim] as const);
    return onWays(world, [pair], cut, uncut, `${pair[0].name} to ${pair[1].name}`);
  },
  ring: ({ world }) => {
    const { nodes } = world;
    if (nodes.length < 4) return undefined;
    const pairs: (readonly [SimNode, SimNode])[] = [];
    for (const [i, a] of nodes.entries()) {
      for (const [j, b] of nodes.entries()) {
        const apart = Math.abs(i - j);
        if (apart > 1 && apart < nodes.length - 1) pairs.push([a, b]);
      }
    }
    return onWays(world, pairs, cut, uncut, "each sees its neighbours");
  },
  bridge: (context) => {
    const { left, right } = split(context);
    const { victim } = context;
    const apart = between(
      left.filter((node) => node !== victim),
      right.filter((node) => node !== victim),
    );
    return onWays(context.world, apart, cut, uncut, `${victim.name} sees ${textOf(left)} | ${textOf(right)}`);
  },
  halfOpen: (context) =>
    onWays(
      context.world,
      somePairs(context),
      (way) => {
        way.halfOpen = true;
      },
      (way) => {
        way.halfOpen = false;
        way.reset();
      },
      context.victim.name,
    ),
  loss: (context) => {
    const permille = context.dice.pick([50, 300, 500]);
    const set = (value: number) => (way: Way) => {
      way.loss = value;
    };
    return onWays(
      context.world,
      somePairs(context),
      set(permille),
      set(0),
      `${permille} of 1,000, ${context.victim.name}`,
    );
  },
  delay: (context) => {
    const { dice } = context;
    const [delayUs, jitterUs] = dice.pick([
      [75_000, 50_000],
      [400_000, 100_000],
      [5_000_000, 500_000],
    ] as const);
    return onWays(
      context.world,
      somePairs(context),
      (way) => {
        way.delayUs = delayUs;
        way.delayJitterUs = jitterUs;
      },
      (way) => {
        way.delayUs = 0;
        way.delayJitterUs = 0;
      },
      `${delayUs / 1000} ms, ${context.victim.name}`,
    );
  },
  duplicate: (context) => {
    const permille = context.dice.pick([100, 500]);
    const set = (value: number) => (way: Way) => {
      way.duplicate = value;
    };
    return onWays(context.world, somePairs(context), set(permille), set(0), `${permille} of 1,000`);
  },
  reorder: (context) => {
    const permille = context.dice.pick([100, 500]);
    const set = (value: number) => (way: Way) => {
      way.reorder = value;
    };
    return onWays(context.world, somePairs(context), set(permille), set(0), `${permille} of 1,000`);
  },
  reset: (context) =>
    onWays(
      context.world,
      somePairs(context),
      (way) => way.reset(),
      () => undefined,
      context.victim.name,
    ),
  replay: ({ world }) => {
    world.network.keepsOld = true;
    return {
      text: "of old messages",
      lift: () => {
        world.network.replay();
        world.network.keepsOld = false;
        world.network.old.length = 0;
      },
    };
  },
  narrow: (context) => {
    const set = (value: number) => (way: Way) => {
      way.bytesPerMs = value;
    };
    return onWays(context.world, somePairs(context), set(8), set(0), `64 kbit/s, ${context.victim.name}`);
  },
  pause: ({ victim, durationUs, world }) => {
    hold(victim, durationUs, world.kernel.nowUs);
    return { text: victim.name };
  },
  stall: ({ victim, dice, world }) => {
    const ms = dice.pick([50, 500, 1000, 3000]);
    hold(victim, ms * 1000, world.kernel.nowUs);
    return { text: `the loop of ${victim.name} for ${ms} ms` };
  },
  suspend: ({ victim, durationUs, world }) => {
    hold(victim, durationUs, world.kernel.nowUs);
    victim.time.sleep(world.kernel.nowUs + durationUs);
    return { text: victim.name };
  },
  wallJump: ({ dice, running }) => {
    const ms = dice.pick([3_600_000, -3_600_000, 315_360_000_000, -315_360_000_000, 5000, -5000]);
    const struck = dice.chance(300) ? running : [dice.pick(running)];
    for (const node of struck) node.time.jump(ms);
    return { text: `${textOf(struck)} by ${ms / 1000} s` };
  },
  drift: ({ victim, dice }) => {
    const ppm = dice.pick([-100_000, 100_000]);
    victim.time.setRate(ppm);
    return { text: `${victim.name} at ${1 + ppm / 1_000_000}`, lift: () => victim.time.setRate(0) };
  },
  stop: ({ victim, world }) => {
    victim.stop().catch((error: unknown) => world.fail(error));
    return { text: `${victim.name} in order` };
  },
  options: (context) => {
    const { victim, dice, world } = context;
    Object.assign(victim.overrides, {
      snapshotCount: dice.pick([10, 20, 100, 10_000]),
      snapshotCatchUpEntries: dice.pick([1, 5, 30]),
      walSegmentBytes: dice.pick([4096, 16_384, 64_000, 64_000_000]),
      backendBatchMs: dice.pick([10, 100, 1000]),
      serverVersion: dice.pick(["3.6.0", "3.6.14"]),
      // Elections take their time where anybody goes without: only runs that allow for that change it.
      preVote: world.plan.preVote || dice.chance(500),
    });
    victim.stop().catch((error: unknown) => world.fail(error));
    const { snapshotCount, walSegmentBytes, preVote } = victim.overrides;
    return { text: `${victim.name} ${JSON.stringify({ snapshotCount, walSegmentBytes, preVote })}` };
  },
  slowNode: ({ victim, dice }) => {
    const us = dice.pick([2_000, 20_000, 100_000]);
    const { turnUs } = victim.speed;
    victim.speed.turnUs = us;
    return {
      text: `${victim.name}, ${us / 1000} ms a turn`,
      lift: () => {
        victim.speed.turnUs = turnUs;
      },
    };
  },
  crashAtSend: ({ victim, dice, world }) => {
    // Promises and what rests on them: these are the moments at which it matters what is on the disk.
    const [name, type] = dice.pick(crashMessages);
    const left = name === "any" ? dice.between(1, 30) : dice.pick([1, 1, 2, 5]);
    const isSent = dice.chance(700);
    const cutsPower = dice.chance(700);
    const mode = world.drawCrashMode(dice);
    const strike = (): void => (cutsPower ? victim.losePower(mode) : victim.kill());
    victim.sending = { type, isSent, left, strike };
    const where = `${isSent ? "behind" : "before"} message ${left} of type ${name}`;
    return { text: `${victim.name} ${where}, ${cutsPower ? mode : "killed"}` };
  },
  ...diskActs,
};
