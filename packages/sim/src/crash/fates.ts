/**
 * What becomes of the operations that are pending when the power fails. A fate is a text, so that a failing image can be
 * named on a command line; operations are counted from the oldest pending one, sectors from the first of their write.
 *
 * | text | what reached the disk |
 * | --- | --- |
 * | `all`, `none` | everything, nothing |
 * | `first:3` | the three oldest operations |
 * | `lose:0,4` | all but operations 0 and 4 |
 * | `lose:2.1` | all but sector 1 of operation 2 |
 * | `only:5` | operation 5 alone |
 * | `torn:2.3` | the operations before 2, and the first three sectors of 2 |
 * | `random:7:50` | each sector by chance, of 50 %; the number 7 chooses the draw |
 */
import { SeededRandom } from "@quorate/base";
import type { CrashPoints, Kept } from "./crash-points.ts";

/** How many fates of each kind are tried at one place. */
export interface FateBounds {
  /** Pairs of lost operations. */
  readonly pairs: number;
  /** Torn and lost sectors per write. */
  readonly sectors: number;
  /** Random choices. */
  readonly random: number;
}

export const defaultBounds: FateBounds = { pairs: 12, sectors: 6, random: 4 };
export const fullBounds: FateBounds = { pairs: 200, sectors: 64, random: 24 };

const chances = [50, 85, 15];

/** Lists fates of what is pending at a place of a journal. `seed` chooses where not all can be tried. */
export function fatesAt(points: CrashPoints, bounds: FateBounds, seed: number): string[] {
  const count = points.pendingCount;
  if (count === 0) return ["all"];
  const random = new SeededRandom(seed * 0x10001 + points.at);
  const fates = ["all", "none"];
  for (let i = 1; i < count; i++) fates.push(`first:${i}`);
  if (count > 1) for (let i = 0; i < count; i++) fates.push(`lose:${i}`, `only:${i}`);
  fates.push(...pairs(count, bounds.pairs, random));
  for (let i = 0; i < count; i++) fates.push(...tears(i, points.sectors(i), bounds.sectors, random));
  for (let i = 0; i < bounds.random; i++) fates.push(`random:${seed * 1000 + i}:${chances[i % chances.length]}`);
  return fates;
}

function pairs(count: number, max: number, random: SeededRandom): string[] {
  const all = (count * (count - 1)) / 2;
  const fates: string[] = [];
  if (count < 3) return fates;
  if (all <= max) {
    for (let i = 0; i < count; i++) for (let j = i + 1; j < count; j++) fates.push(`lose:${i},${j}`);
    return fates;
  }
  for (let n = 0; n < max; n++) {
    const i = random.below(count - 1);
    fates.push(`lose:${i},${i + 1 + random.below(count - i - 1)}`);
  }
  return fates;
}

function tears(operation: number, sectors: number, max: number, random: SeededRandom): string[] {
  if (sectors < 2) return [];
  const chosen: number[] = [];
  if (sectors <= max) for (let sector = 0; sector < sectors; sector++) chosen.push(sector);
  else for (let n = 0; n < max; n++) chosen.push(random.below(sectors));
  const fates: string[] = [];
  for (const sector of chosen) {
    fates.push(`lose:${operation}.${sector}`);
    if (sector > 0) fates.push(`torn:${operation}.${sector}`);
  }
  return fates;
}

/** Takes a fate's text apart. Throws when it is none. */
export function keptBy(fate: string): Kept {
  const [kind = "", first = "", second = ""] = fate.split(":");
  switch (kind) {
    case "all":
      return () => true;
    case "none":
      return () => false;
    case "first":
      return (operation) => operation < number(first, fate);
    case "lose": {
      const named = list(first, fate);
      return (operation, sector) => !named(operation, sector);
    }
    case "only":
      return list(first, fate);
    case "torn": {
      const [operation, sectors] = first.split(".").map((text) => number(text, fate));
      return (i, sector) => i < (operation ?? 0) || (i === operation && sector < (sectors ?? 0));
    }
    case "random":
      return byChance(number(first, fate), number(second, fate));
    default:
      throw new Error(`${fate} is not the name of a fate`);
  }
}

function number(text: string, fate: string): number {
  if (!/^\d+$/.test(text)) throw new Error(`${fate} is not the name of a fate`);
  return Number(text);
}

function list(text: string, fate: string): Kept {
  const whole = new Set<number>();
  const sectors = new Set<string>();
  for (const part of text.split(",")) {
    if (part.includes(".")) sectors.add(part);
    else whole.add(number(part, fate));
  }
  return (operation, sector) => whole.has(operation) || sectors.has(`${operation}.${sector}`);
}

/** A choice that is the same each time it is asked for. */
function byChance(seed: number, percent: number): Kept {
  return (operation, sector) => {
    const random = new SeededRandom(seed * 0x1000193 + operation * 4099 + sector);
    return random.below(100) < percent;
  };
}
