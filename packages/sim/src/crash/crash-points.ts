import type { DiskImage } from "./disk-image.ts";
import { type Losable, type NamesOperation, type Operation, sectorsOf } from "./journal.ts";

/** Tells whether a sector of a pending operation reached the disk; operations are counted from the oldest pending one. */
export type Kept = (pending: number, sector: number) => boolean;

/** Two words that tell apart which operations an image holds. */
interface Mark {
  low: number;
  high: number;
}

interface Pending {
  readonly number: number;
  readonly operation: Losable;
  readonly sectors: number;
  /** Of the whole operation. */
  readonly mark: Mark;
}

interface Named {
  readonly number: number;
  readonly operation: NamesOperation;
  durable: boolean;
}

/**
 * Walks through a journal and makes, at any place, the images that a crash there could leave: all that is durable, and any
 * part of what is not.
 *
 * A file's operations become durable in their order; a change of names when one of its directories is synced.
 */
export class CrashPoints {
  readonly #journal: readonly Operation[];
  readonly #durable: DiskImage;
  /** Changes of names that are not in `#durable` yet, in order: one that is durable waits for older ones. */
  #names: Named[] = [];
  #pending: Pending[] = [];
  #durableMark: Mark = { low: 0, high: 0 };
  /** How many operations were done. */
  at = 0;

  /** @param base what lay on the disk before, all of it durable. */
  constructor(base: DiskImage, journal: readonly Operation[]) {
    this.#journal = journal;
    this.#durable = base.fork();
  }

  /** The operations that are not durable here, oldest first. */
  get pending(): readonly Losable[] {
    return this.#pending.map(({ operation }) => operation);
  }

  /** How many there are. */
  get pendingCount(): number {
    return this.#pending.length;
  }

  /** How many sectors pending operation `i` has. */
  sectors(i: number): number {
    return this.#pending[i]?.sectors ?? 0;
  }

  /** Does one more operation. Returns false at the end of the journal. */
  advance(): boolean {
    const operation = this.#journal[this.at];
    if (operation === undefined) return false;
    const number = this.at;
    this.at += 1;
    if (operation.kind === "synced") {
      this.#settle((p) => p.operation.kind !== "names" && p.operation.file === operation.file, operation.before);
    } else if (operation.kind === "namesSynced") {
      this.#settle((p) => touches(p.operation, operation.directory), operation.before);
    } else {
      if (operation.kind === "names") {
        this.#names.push({ number, operation, durable: false });
        if (operation.made !== undefined) this.#durable.nodes.set(operation.made.id, operation.made);
      }
      const sectors = sectorsOf(operation);
      this.#pending.push({ number, operation, sectors, mark: markOf(number, sectors) });
    }
    return true;
  }

  #settle(covered: (pending: Pending) => boolean, before: number): void {
    const left: Pending[] = [];
    for (const pending of this.#pending) {
      if (pending.number >= before || !covered(pending)) {
        left.push(pending);
        continue;
      }
      add(this.#durableMark, pending.mark);
      const { operation, number } = pending;
      if (operation.kind !== "names") this.#durable.apply(operation);
      else for (const named of this.#names) if (named.number === number) named.durable = true;
    }
    this.#pending = left;
    while (this.#names[0]?.durable === true) {
      this.#durable.applyNames(this.#names[0].operation.changes);
      this.#names.shift();
    }
  }

  /** Tells images apart: equal for equal choices of what reached the disk, also at different places of the journal. */
  key(kept: Kept): string {
    const sum: Mark = { ...this.#durableMark };
    this.#pending.forEach(({ number, sectors }, i) => {
      for (let sector = 0; sector < sectors; sector++) if (kept(i, sector)) add(sum, markOfSector(number, sector));
    });
    return `${sum.high.toString(16)}.${sum.low.toString(16)}`;
  }

  image(kept: Kept): DiskImage {
    const image = this.#durable.fork();
    const keptNames = new Set<number>();
    this.#pending.forEach(({ operation, number }, i) => {
      if (operation.kind === "names" && kept(i, 0)) keptNames.add(number);
    });
    for (const { number, operation, durable } of this.#names) {
      if (durable || keptNames.has(number)) image.applyNames(operation.changes);
    }
    this.#pending.forEach(({ operation, sectors }, i) => {
      if (operation.kind === "names") return;
      if (operation.kind === "resize") {
        if (kept(i, 0)) image.apply(operation);
        return;
      }
      for (let sector = 0; sector < sectors; sector++) if (kept(i, sector)) image.applySector(operation, sector);
    });
    return image;
  }
}

function touches(operation: Losable, directory: number): boolean {
  return operation.kind === "names" && operation.changes.some((change) => change.directory === directory);
}

function add(sum: Mark, mark: Mark): void {
  sum.low = (sum.low ^ mark.low) >>> 0;
  sum.high = (sum.high ^ mark.high) >>> 0;
}

function markOf(number: number, sectors: number): Mark {
  const sum: Mark = { low: 0, high: 0 };
  for (let sector = 0; sector < sectors; sector++) add(sum, markOfSector(number, sector));
  return sum;
}

function markOfSector(number: number, sector: number): Mark {
  return { low: mix(number * 0x9e3779b1 + sector), high: mix(mix(number + 0x7f4a7c15) ^ (sector * 0x85ebca6b)) };
}

function mix(value: number): number {
  let z = value >>> 0;
  z = Math.imul(z ^ (z >>> 16), 0x85ebca6b);
  z = Math.imul(z ^ (z >>> 13), 0xc2b2ae35);
  return (z ^ (z >>> 16)) >>> 0;
}
