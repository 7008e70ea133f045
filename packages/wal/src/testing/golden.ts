/** Data directories made by real etcd, unpacked into memory. Tests that need them are skipped where they are not. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync, gunzipSync } from "node:zlib";
import { MemoryDisk } from "@quorate/base/testing";

const root = join(dirname(fileURLToPath(import.meta.url)), "../../../../../shared/golden");

export const haveGolden: boolean = existsSync(root);

/** Archives of data directories, as `etcd-3.4/single.data.tar.gz`. */
export function goldenArchives(): string[] {
  if (!haveGolden) return [];
  return readdirSync(root, { recursive: true, encoding: "utf8" })
    .filter((path) => path.endsWith(".data.tar.gz"))
    .sort();
}

export function goldenJson(path: string): unknown {
  return JSON.parse(readFileSync(join(root, path), "utf8"));
}

/** Unpacks `member/…` of an archive; zeros become holes. */
export function goldenDisk(archive: string): MemoryDisk {
  return unpack(gunzipSync(readFileSync(join(root, archive))));
}

const fixtures = join(dirname(fileURLToPath(import.meta.url)), "../../fixtures");
/** The size of log files that etcd prepares ahead; in the fixtures the zeros at their end are cut off. */
const segmentBytes = 64_000_000;

/** The logs that the package has of its own. */
export const fixtureArchives = ["etcd-3.4-twoseg", "etcd-3.6-single", "etcd-3.6-cluster-m4", "etcd-3.7-crash"] as const;

export function fixtureFile(name: string): Buffer {
  return readFileSync(join(fixtures, name));
}

export function fixtureDisk(name: (typeof fixtureArchives)[number]): MemoryDisk {
  const disk = unpack(brotliDecompressSync(fixtureFile(`${name}.tar.br`)));
  for (const file of disk.list("/member/wal")) {
    const segment = disk.open(`/member/wal/${file}`, "write");
    if (segment.size() < segmentBytes) segment.truncate(segmentBytes);
    segment.close();
  }
  return disk;
}

function unpack(tar: Buffer): MemoryDisk {
  const disk = new MemoryDisk();
  for (let at = 0; at + 512 <= tar.length && tar[at] !== 0; ) {
    const text = (from: number, length: number): string =>
      tar.toString("latin1", at + from, at + from + length).replace(/\0.*$/s, "");
    const path = `/${text(0, 100)}`;
    const size = Number.parseInt(text(124, 12), 8);
    if (text(156, 1) === "5") disk.makeDirectory(path);
    else putFile(disk, path, tar.subarray(at + 512, at + 512 + size));
    at += 512 + Math.ceil(size / 512) * 512;
  }
  return disk;
}

/** Creates a file and its directory; zeros become holes. */
export function putFile(disk: MemoryDisk, path: string, content: Uint8Array): void {
  disk.makeDirectory(path.slice(0, path.lastIndexOf("/")));
  const file = disk.open(path, "create");
  const zeros = Buffer.alloc(65536);
  for (let at = 0; at < content.length; at += zeros.length) {
    const part = content.subarray(at, at + zeros.length);
    if (zeros.compare(part, 0, part.length, 0, part.length) !== 0) file.writeAt(part, at);
  }
  file.truncate(content.length);
  file.close();
}

/** Reads a whole file. */
export function fileBytes(disk: MemoryDisk, path: string): Uint8Array {
  const file = disk.open(path, "read");
  const bytes = new Uint8Array(file.size());
  file.readAt(bytes, 0);
  file.close();
  return bytes;
}
