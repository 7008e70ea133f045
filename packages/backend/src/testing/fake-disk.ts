import { type Disk, DiskError, type DiskFile, type FileInfo, type FileLock, type OpenMode } from "@quorate/base";

/** A write that no sync has covered. */
interface Unsynced {
  readonly kind: "write" | "truncate";
  readonly position: number;
  readonly bytes: Uint8Array;
}

interface FakeFile {
  bytes: Uint8Array;
  size: number;
  durable: Uint8Array;
  unsynced: Unsynced[];
  locked: boolean;
}

const sectorBytes = 512;

/** A disk in memory that can lose any part of what was not synced. Directory changes are durable at once. */
export class FakeDisk implements Disk {
  readonly files: Map<string, FakeFile> = new Map();
  /** Called before each sync takes effect; may throw or wait. */
  beforeSync: ((path: string) => Promise<void>) | undefined;
  /** Called before each write; may throw. */
  beforeWrite: ((path: string) => void) | undefined;
  syncs = 0;

  open(path: string, how: OpenMode): DiskFile {
    let file = this.files.get(path);
    if (how === "createNew" && file !== undefined) throw new DiskError("open", path, "EEXIST");
    if (file === undefined) {
      if (how === "read" || how === "write") throw new DiskError("open", path, "ENOENT");
      file = { bytes: new Uint8Array(0), size: 0, durable: new Uint8Array(0), unsynced: [], locked: false };
      this.files.set(path, file);
    }
    return this.#handle(path, file);
  }

  #handle(path: string, file: FakeFile): DiskFile {
    const write = (bytes: Uint8Array, position: number): void => {
      this.beforeWrite?.(path);
      grow(file, position + bytes.length);
      file.bytes.set(bytes, position);
      file.unsynced.push({ kind: "write", position, bytes: bytes.slice() });
    };
    return {
      path,
      size: () => file.size,
      readAt: (target, position) => {
        const part = file.bytes.subarray(position, Math.min(file.size, position + target.length));
        target.set(part);
        return part.length;
      },
      writeAt: write,
      writeAllAt: (parts, position) => {
        let at = position;
        for (const part of parts) {
          write(part, at);
          at += part.length;
        }
      },
      sync: async () => {
        const covered = file.unsynced.length;
        await this.beforeSync?.(path);
        this.syncs += 1;
        file.durable = applied(file.durable, file.unsynced.splice(0, covered), () => true);
      },
      truncate: (size) => {
        file.unsynced.push({ kind: "truncate", position: size, bytes: new Uint8Array(0) });
        grow(file, size);
        file.bytes.fill(0, size);
        file.size = size;
      },
      allocate: async (size) => grow(file, size),
      close: () => undefined,
    };
  }

  /** Loses power: of the writes not synced each sector survives if `keep` says so. Locks are gone. */
  crash(keep: () => boolean): void {
    for (const file of this.files.values()) {
      file.durable = applied(file.durable, file.unsynced, keep);
      file.unsynced = [];
      file.bytes = file.durable.slice();
      file.size = file.bytes.length;
      file.locked = false;
    }
  }

  content(path: string): Uint8Array {
    const file = this.files.get(path);
    if (file === undefined) throw new DiskError("open", path, "ENOENT");
    return file.bytes.slice(0, file.size);
  }

  install(path: string, bytes: Uint8Array): void {
    this.files.set(path, {
      bytes: bytes.slice(),
      size: bytes.length,
      durable: bytes.slice(),
      unsynced: [],
      locked: false,
    });
  }

  info(path: string): FileInfo | undefined {
    const file = this.files.get(path);
    return file === undefined ? undefined : { kind: "file", size: file.size, mode: 0o600, modifiedMs: 0 };
  }

  list(): string[] {
    return [...this.files.keys()].sort();
  }

  makeDirectory(): void {}

  rename(from: string, to: string): void {
    const file = this.files.get(from);
    if (file === undefined) throw new DiskError("rename", from, "ENOENT");
    this.files.delete(from);
    this.files.set(to, file);
  }

  remove(path: string): void {
    this.files.delete(path);
  }

  removeTree(path: string): void {
    this.files.delete(path);
  }

  async syncDirectory(): Promise<void> {}

  async lock(file: DiskFile): Promise<FileLock | undefined> {
    const held = this.files.get(file.path);
    if (held === undefined || held.locked) return undefined;
    held.locked = true;
    return {
      release: () => {
        held.locked = false;
      },
    };
  }
}

function grow(file: FakeFile, size: number): void {
  if (size > file.bytes.length) {
    const grown = new Uint8Array(Math.max(size, file.bytes.length * 2));
    grown.set(file.bytes);
    file.bytes = grown;
  }
  if (size > file.size) file.size = size;
}

function applied(durable: Uint8Array, writes: readonly Unsynced[], keep: () => boolean): Uint8Array {
  let bytes = durable.slice();
  for (const { kind, position, bytes: written } of writes) {
    if (kind === "truncate") {
      if (!keep()) continue;
      const cut = new Uint8Array(position);
      cut.set(bytes.subarray(0, position));
      bytes = cut;
      continue;
    }
    for (let at = 0; at < written.length; at += sectorBytes) {
      if (!keep()) continue;
      const part = written.subarray(at, at + sectorBytes);
      if (position + at + part.length > bytes.length) {
        const grown = new Uint8Array(position + at + part.length);
        grown.set(bytes);
        bytes = grown;
      }
      bytes.set(part, position + at);
    }
  }
  return bytes;
}
