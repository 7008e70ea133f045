import { mayBeLost, mayForget } from "./atlas.ts";
import { damage, damages, type Damage } from "./damage.ts";
import type { Act, FaultAct, FaultContext } from "./fault-context.ts";
import { EventKind } from "./kernel.ts";
import type { FaultKind } from "./plan.ts";
import { Violation } from "./violation.ts";

/** The kinds of faults that strike disks. */
type DiskFault = Extract<
  FaultKind,
  | "slowDisk"
  | "diskStall"
  | "syncError"
  | "noSpace"
  | "writeBack"
  | "wipe"
  | "crashAtSyncEnd"
  | "readError"
  | "bitFlip"
  | "misdirect"
  | "lyingSync"
  | "rollBack"
>;

const logDirectory = "/data/member/wal/";

/** Some bytes of the disk are not what was written: it must be told at the next start, or not matter. */
function corrupt(context: FaultContext, kind: Damage): FaultAct | undefined {
  const { victim } = context;
  if (victim.risk !== undefined || victim.damagedStart === victim.starts) return undefined;
  return corruptNow(context, kind);
}

function corruptNow({ victim, operators, dice, world }: FaultContext, kind: Damage): FaultAct | undefined {
  const cutsPower = dice.chance(500);
  const replaces = dice.chance(300);
  const mode = world.drawCrashMode(dice);
  if (cutsPower) victim.losePower(mode);
  else victim.kill();
  const image = victim.disk.image();
  const text = damage(victim.disk, dice, kind);
  if (text === undefined) return undefined;
  const { starts } = victim;
  victim.damagedStart = starts;
  const isRefused = (): boolean => victim.starts === starts && victim.down === "refused" && !victim.isAmnesiac;
  const id = world.checks.idOf(victim);
  if (replaces && id !== undefined) {
    operators.whenResting((release) => {
      if (isRefused() && mayBeLost(world, operators, victim)) {
        victim.isAmnesiac = true;
        operators.replace(victim, id);
      }
      release();
    });
  }
  return {
    text: `${victim.name} ${text}`,
    lift: () => {
      // It may be reading its disk just now, and be about to refuse it.
      if (victim.starts !== starts || victim.isAmnesiac) return;
      const says = victim.down !== "refused" || victim.refusal.includes("/data");
      if (!says) world.fail(new Violation("D04", `${victim.name} does not say what is damaged: ${victim.refusal}`));
      world.note(`the disk of ${victim.name} is put right`);
      victim.kill();
      victim.disk.restore(image);
      victim.damagedStart = -1;
      world.superviseLater(victim, true);
    },
  };
}

const atRest = "when no change of members is under way";

/** Lets a member forget what it promised, where the atlas allows that. @param begin returns what happens at the end. */
function forget(context: FaultContext, text: string, begin: () => () => void): FaultAct {
  const { victim, operators, world, durationUs } = context;
  operators.whenResting((release) => {
    if (!mayForget(world, operators, victim)) {
      release();
      return;
    }
    world.note(text);
    const risk = operators.addRisk(victim, release);
    const end = begin();
    world.kernel.after(durationUs, EventKind.fault, undefined, () => {
      risk.ended = true;
      end();
    });
  });
  return { text: `${victim.name}, ${atRest}` };
}

/** What each kind of fault of a disk does. */
export const diskActs: Readonly<Record<DiskFault, Act>> = {
  slowDisk: ({ victim, dice }) => {
    const us = dice.pick([20_000, 300_000, 2_000_000]);
    victim.disk.troubles.slowUs = us;
    return {
      text: `${victim.name}, ${us / 1000} ms a sync`,
      lift: () => {
        victim.disk.troubles.slowUs = 0;
      },
    };
  },
  diskStall: ({ victim, durationUs, world }) => {
    const { troubles } = victim.disk;
    troubles.stalledUntilUs = Math.max(troubles.stalledUntilUs, world.kernel.nowUs + durationUs);
    return { text: victim.name };
  },
  syncError: ({ victim }) => {
    victim.disk.troubles.syncFailures = 1;
    return { text: victim.name };
  },
  noSpace: ({ victim, dice }) => {
    victim.disk.troubles.room = dice.below(20_000);
    return {
      text: victim.name,
      lift: () => {
        victim.disk.troubles.room = Number.POSITIVE_INFINITY;
      },
    };
  },
  writeBack: ({ victim, dice }) => {
    for (let i = dice.between(1, 5); i > 0; i--) victim.disk.writeBack();
    return { text: victim.name };
  },
  crashAtSyncEnd: ({ victim, dice, world }) => {
    const steps = dice.between(1, 12);
    const cutsPower = dice.chance(700);
    const mode = world.drawCrashMode(dice);
    victim.disk.onStep = () => (cutsPower ? victim.losePower(mode) : victim.kill());
    victim.disk.troubles.syncStepsLeft = steps;
    const where = `${steps % 2 === 1 ? "before" : "behind"} the end of sync ${Math.ceil(steps / 2)}`;
    return { text: `${victim.name} ${where} from now, ${cutsPower ? mode : "killed"}` };
  },
  readError: ({ victim, dice }) => {
    const { troubles } = victim.disk;
    const count = dice.pick([1, 1, 5]);
    // Most is read at a start.
    const restarts = dice.chance(500);
    if (restarts) victim.kill();
    troubles.readFailures = count;
    return {
      text: `${victim.name}, ${count} reads${restarts ? " of its next start" : ""}`,
      lift: () => {
        troubles.readFailures = 0;
      },
    };
  },
  bitFlip: (context) => corrupt(context, damages.bit),
  // A sector in the place of a record's beginning may make it as long as what is left of the file, of which the end was never
  // written: that is how a torn write looks, and what is behind it is cut off.
  misdirect: (context) =>
    forget(context, `a sector of ${context.victim.name} goes astray`, () => {
      const act = corruptNow(context, damages.sector);
      if (act !== undefined) context.world.note(act.text);
      return () => act?.lift?.();
    }),
  wipe: ({ victim, operators, world }) => {
    operators.whenResting((release) => {
      const id = world.checks.idOf(victim);
      if (id !== undefined && mayBeLost(world, operators, victim)) {
        world.note(`${victim.name} is wiped`);
        victim.isAmnesiac = true;
        victim.kill();
        victim.disk.wipe();
        operators.replace(victim, id);
      }
      release();
    });
    return { text: `${victim.name}, ${atRest}` };
  },
  lyingSync: (context) => {
    const { victim, operators, world, dice } = context;
    const { disk } = victim;
    const losesPower = dice.chance(700);
    const mode = world.drawCrashMode(dice);
    return forget(context, `the disk of ${victim.name} lies about its log`, () => {
      Object.assign(disk.troubles, { lying: true, liesUnder: logDirectory });
      return () => {
        disk.troubles.lying = false;
        if (losesPower && !operators.finishing) victim.losePower(mode);
        else disk.keepPromises();
      };
    });
  },
  rollBack: (context) => {
    const { victim, operators, world } = context;
    return forget(context, `the disk of ${victim.name} is copied`, () => {
      const image = victim.disk.image();
      return () => {
        if (operators.finishing) return;
        world.note(`the disk of ${victim.name} falls back to its copy`);
        victim.kill();
        victim.disk.restore(image);
      };
    });
  },
};
