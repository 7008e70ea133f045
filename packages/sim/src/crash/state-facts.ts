import { crc32cUpdate, emptyBytes, hexId, toHex, utf8Encode } from "@quorate/base";
import type { Storage } from "@quorate/member";
import { memberJson } from "@quorate/state";
import type { CrashClock } from "./crash-clock.ts";

/** All that the log decides about the state after an entry. */
export interface StateFacts {
  readonly revision: number;
  readonly compactRevision: number;
  /** HashKV of the newest revision. */
  readonly hash: number;
  /** The checksum of all keys as they were at the compaction revision, the oldest that can be read. */
  readonly past: number;
  /** The members, as the member has them in memory. */
  readonly members: string;
  /** Rows of every other bucket, and the marks in `meta` that follow from the log alone. */
  readonly tables: string;
}

const buckets = ["alarm", "auth", "authRoles", "authUsers", "cluster", "lease", "members", "members_removed"];
const marks = ["consistent_index", "term", "confState", "storageVersion", "scheduledCompactRev"];

/** Reads the state of a storage whose progress has been written, as it has after a start and after a commit. */
export async function stateFacts(storage: Storage, clock: CrashClock): Promise<StateFacts> {
  const { hash, hashRevision, compactRevision } = await clock.finish(storage.hashKv(0));
  return {
    revision: hashRevision,
    compactRevision,
    hash,
    past: pastOf(storage),
    members: membersOf(storage),
    tables: tablesOf(storage),
  };
}

function membersOf({ machine }: Storage): string {
  const { membership } = machine;
  const list = membership.list().map(memberJson);
  return `${list.join()} without ${membership.removed().map(hexId).join()}`;
}

const everything = { key: Uint8Array.of(0), rangeEnd: Uint8Array.of(0) };

/** The oldest revision that can be read. */
export const oldestRevision = (compactRevision: number): number => Math.max(1, compactRevision);

/** 0 when there is nothing. */
export function checksumOf(rows: Iterable<Uint8Array>): number {
  let sum = 0;
  for (const row of rows) sum = crc32cUpdate(sum, row);
  return sum;
}

/** −1 when that revision cannot be read. */
function pastOf({ machine }: Storage): number {
  const { store } = machine;
  const found = store.range({ ...everything, revision: oldestRevision(store.compactRevision) });
  return found.kind === "ok" ? checksumOf(found.rows) : -1;
}

function tablesOf({ backend }: Storage): string {
  const { batch } = backend;
  const lines: string[] = [];
  for (const name of buckets) {
    batch.range(backend.bucket(utf8Encode(name)), emptyBytes, undefined, (key, value) => {
      lines.push(`${name} ${toHex(key)} ${toHex(value)}`);
    });
  }
  const meta = backend.bucket(utf8Encode("meta"));
  for (const name of marks) {
    const value = batch.get(meta, utf8Encode(name));
    if (value !== undefined) lines.push(`meta ${name} ${toHex(value)}`);
  }
  return lines.join("\n");
}

/** Tells how two states differ, undefined when they do not. */
export function stateDifference(found: StateFacts, expected: StateFacts): string | undefined {
  if (found.revision !== expected.revision) return `revision ${found.revision}, not ${expected.revision}`;
  if (found.compactRevision !== expected.compactRevision) {
    return `compact revision ${found.compactRevision}, not ${expected.compactRevision}`;
  }
  if (found.past !== expected.past) return `other keys at revision ${oldestRevision(found.compactRevision)}`;
  if (found.hash !== expected.hash) return `HashKV ${found.hash}, not ${expected.hash}`;
  if (found.members !== expected.members) return `the members ${found.members}, not ${expected.members}`;
  if (found.tables === expected.tables) return undefined;
  const known = new Set(expected.tables.split("\n"));
  const row = found.tables.split("\n").find((line) => !known.has(line));
  return `the row "${row ?? "that is missing"}" of another bucket`;
}

/** How many rows the `key` bucket has. */
export function rowCount({ backend }: Storage): number {
  return backend.batch.count(backend.bucket(utf8Encode("key")));
}
