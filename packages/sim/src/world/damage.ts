import { sectorBytes } from "@quorate/base";
import type { Dice } from "./dice.ts";
import type { SimDisk } from "./disk.ts";
import type { Inode } from "./disk-names.ts";
import { pageBytes } from "./pages.ts";

/** What can happen to bytes that were written rightly. */
export const damages = {
  /** One bit is another. */
  bit: "bit",
  /** A sector that was written lies in the place of another one as well. */
  sector: "sector",
} as const;
export type Damage = keyof typeof damages;

/** Files that can tell damage: segments of the log, raft's snapshots and the pages of the database have checksums. */
const isDatabase = (path: string): boolean => path === "/data/member/snap/db";
const isCovered = (path: string): boolean => path.endsWith(".wal") || path.endsWith(".snap") || isDatabase(path);
/** A meta page has its content behind the head of 16 bytes that all pages have, and ends with the checksum. */
const metaPages = 2;
const metaFrom = 16;
const metaTo = 80;

interface Place {
  readonly path: string;
  readonly inode: Inode;
  /** A page of the file that was written. */
  readonly page: number;
}

const isMeta = ({ path, page }: Place): boolean => isDatabase(path) && page < metaPages;

function places(disk: SimDisk): Place[] {
  return disk.names.files().flatMap(({ path, inode }) => {
    if (!isCovered(path)) return [];
    return inode.pages.writtenPages().map((page) => ({ path, inode, page }));
  });
}

function flip(disk: SimDisk, dice: Dice): string | undefined {
  const place = dice.pickAny(places(disk));
  if (place === undefined) return undefined;
  const { path, inode, page } = place;
  const position = page * pageBytes + (isMeta(place) ? dice.between(metaFrom, metaTo - 1) : dice.below(pageBytes));
  const bit = dice.below(8);
  if (!inode.pages.flip(position, bit)) return undefined;
  return `${path}, bit ${bit} of byte ${position}`;
}

function misdirect(disk: SimDisk, dice: Dice): string | undefined {
  const sectorsPerPage = pageBytes / sectorBytes;
  const all = places(disk);
  const from = dice.pickAny(all);
  const to = dice.pickAny(all);
  if (from === undefined || to === undefined) return undefined;
  const source = from.page * pageBytes + dice.below(sectorsPerPage) * sectorBytes;
  const target = to.page * pageBytes + dice.below(sectorsPerPage) * sectorBytes;
  const sector = new Uint8Array(sectorBytes);
  // A sector of nothing looks like one that was never written: that is a lost write, not a misdirected one.
  if (from.inode.pages.read(sector, source) < sectorBytes || sector.every((byte) => byte === 0)) return undefined;
  // One meta page in the place of the other is a tree that was there: its pages may be written over by now.
  if (isMeta(from) && isMeta(to)) return undefined;
  if (!to.inode.pages.overwrite(target, sector)) return undefined;
  return `sector at ${source} of ${from.path} lies at ${target} of ${to.path}`;
}

/**
 * Damages a disk whose machine rests.
 *
 * @returns what was done; undefined when there was nothing to damage.
 */
export function damage(disk: SimDisk, dice: Dice, kind: Damage): string | undefined {
  return kind === "bit" ? flip(disk, dice) : misdirect(disk, dice);
}
