/** Makes the directory of a new log, which appears as a whole or not at all. */
import type { Disk, DiskFile, FileLock } from "@quorate/base";
import { toError, WalError } from "./errors.ts";
import { prepareSegment } from "./next-segment.ts";
import { hasWal } from "./segment-name.ts";

/**
 * Creates `directory` with one segment that begins with `content`: built under the name `<directory>.tmp`, synced, renamed,
 * and the name synced.
 *
 * @returns the segment, open, and the lock of the directory.
 * @throws WalError when there is a log already; DiskError.
 */
export async function createDirectory(
  disk: Disk,
  directory: string,
  name: string,
  content: Uint8Array,
  segmentBytes: number,
): Promise<{ readonly file: DiskFile; readonly lock: FileLock }> {
  checkReplaceable(disk, directory);
  const temporary = `${directory}.tmp`;
  const parents = missingParents(disk, directory);
  // What an earlier attempt left behind.
  disk.removeTree(temporary);
  disk.makeDirectory(temporary, 0o700);
  const [lock, file] = await lockWhile(disk, temporary, prepareSegment(disk, `${temporary}/${name}`, segmentBytes));
  try {
    file.writeAt(content, 0);
    await file.sync();
    await disk.syncDirectory(temporary);
    disk.removeTree(directory);
    disk.rename(temporary, directory);
    await disk.syncDirectory(parentOf(directory));
    for (const parent of parents) await disk.syncDirectory(parentOf(parent));
  } catch (error) {
    file.close();
    lock.release();
    throw error;
  }
  return { file, lock };
}

/** Takes the lock of a directory while its file is made. */
async function lockWhile(disk: Disk, directory: string, making: Promise<DiskFile>): Promise<[FileLock, DiskFile]> {
  const [locked, made] = await Promise.allSettled([lockLog(disk, directory), making]);
  if (locked.status === "fulfilled" && made.status === "fulfilled") return [locked.value, made.value];
  if (locked.status === "fulfilled") locked.value.release();
  if (made.status === "fulfilled") made.value.close();
  throw locked.status === "rejected" ? toError(locked.reason) : toError((made as PromiseRejectedResult).reason);
}

/** Takes the lock of a log's directory, which keeps other processes like this one out for as long as it is held. */
export async function lockLog(disk: Disk, directory: string): Promise<FileLock> {
  const lock = await disk.lockDirectory(directory);
  if (lock === undefined) throw new WalError("locked", `${directory}: another process has locked the directory`);
  return lock;
}

/** What stands under the name of the log is replaced, so it must not be anybody's data. */
function checkReplaceable(disk: Disk, directory: string): void {
  if (disk.info(directory) === undefined) return;
  if (hasWal(disk, directory)) throw new WalError("exists", `${directory}: there is a log already`);
  const foreign = disk.list(directory).find((name) => !/^[01]\.tmp$/.test(name));
  if (foreign !== undefined) {
    throw new WalError("exists", `${directory}: it holds ${foreign}, which no log without segments has`);
  }
}

/** Directories above `path` that are not there yet, the lowest first. */
function missingParents(disk: Disk, path: string): string[] {
  const missing: string[] = [];
  for (let parent = parentOf(path); disk.info(parent) === undefined; parent = parentOf(parent)) missing.push(parent);
  return missing;
}

/** The directory that holds `path`. */
export function parentOf(path: string): string {
  const end = path.replace(/\/+$/, "").lastIndexOf("/");
  if (end < 0) return ".";
  return end === 0 ? "/" : path.slice(0, end);
}
