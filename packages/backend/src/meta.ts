import { CorruptError, type Disk, type DiskFile } from "@quorate/base";
import { composeHeader, decodeMeta, encodeMeta, freelistFlag, leafFlag, type Meta, metaSize } from "./format.ts";
import { sealPage } from "./seal.ts";

/**
 * Reads both metas.
 *
 * @returns the valid one with the higher txid.
 * @throws CorruptError when neither is valid, naming what is wrong with the first, as bbolt does.
 */
export function readMeta(file: DiskFile): Meta {
  const size = file.size();
  const head = new Uint8Array(Math.min(size, 4096));
  file.readAt(head, 0);
  const first = decodeMeta(head);
  const found: Meta[] = [];
  if (typeof first !== "string") found.push(first);
  // The second meta tells its place only by being there.
  for (let i = 0; i < 15; i++) {
    const at = 1024 << i;
    if (typeof first !== "string" && at !== first.pageSize) continue;
    if (at + 1024 > size) break;
    const page = new Uint8Array(128);
    file.readAt(page, at);
    const second = decodeMeta(page);
    if (typeof second !== "string" && second.pageSize === at) found.push(second);
  }
  let newest: Meta | undefined;
  for (const meta of found) if (newest === undefined || meta.txid > newest.txid) newest = meta;
  if (newest === undefined) {
    throw new CorruptError(file.path, `both meta pages are damaged: ${typeof first === "string" ? first : "?"}`);
  }
  const bytes = newest.highWaterMark * newest.pageSize;
  if (size < bytes) {
    throw new CorruptError(file.path, `the file has ${size} bytes, but its meta page says ${bytes}`);
  }
  return newest;
}

const isSameTree = (a: Meta, b: Meta): boolean =>
  a.root === b.root && a.freelist === b.freelist && a.sealed === b.sealed;

/**
 * Makes both metas name the newest tree. Pages of the tree before it count as free once a file was opened anew, so that
 * tree must not come back when the newest meta is damaged. What names the newest tree is durable before this is called.
 */
export async function levelMetas(file: DiskFile, meta: Meta, sync: boolean): Promise<void> {
  let written = false;
  for (const slot of [0, 1]) {
    const page = new Uint8Array(metaSize);
    file.readAt(page, slot * meta.pageSize);
    const found = decodeMeta(page);
    if (typeof found !== "string" && isSameTree(found, meta)) continue;
    file.writeAt(encodeMeta(meta, slot), slot * meta.pageSize);
    written = true;
  }
  if (written && sync) await file.sync();
}

/**
 * Makes an empty database beside `path` and renames it into place, so that no half-made file ever has the name.
 */
export async function createFile(disk: Disk, path: string, pageSize: number): Promise<void> {
  const temporary = `${path}.tmp.create`;
  disk.remove(temporary);
  const file = disk.open(temporary, "createNew", 0o600);
  try {
    const meta = { pageSize, root: 3, rootSequence: 0, freelist: 2, highWaterMark: 4, sealed: true };
    const pages = new Uint8Array(2 * pageSize);
    const words = new Uint32Array(pages.buffer);
    composeHeader(words, 0, 2, freelistFlag, 0, 0);
    composeHeader(words, pageSize >>> 2, 3, leafFlag, 0, 0);
    sealPage(words, pageSize, pageSize);
    await file.writeAllAt([encodeMeta({ ...meta, txid: 0 }, 0), encodeMeta({ ...meta, txid: 1 }, 1), pages], 0);
    await file.sync();
  } finally {
    file.close();
  }
  disk.rename(temporary, path);
  await disk.syncDirectory(parentOf(path));
}

/** The directory that holds `path`. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : path.slice(0, slash);
}
