import { sealBytes, sealMark } from "../seal.ts";
import { type Clock, type Disk, silentLogger, type Timer, utf8Encode } from "@quorate/base";
import { MemoryDisk, type MemoryDiskOptions } from "@quorate/base/testing";
import type { BackendOptions } from "../types.ts";

/** A clock that stands still until told; `nextTurn` is a macrotask, so that awaiting tests go on. */
export class ManualClock implements Clock {
  #nowMs = 0;
  #timers: { readonly atMs: number; readonly fire: () => void }[] = [];

  nowMs(): number {
    return this.#nowMs;
  }

  wallMs(): number {
    return this.#nowMs;
  }

  startTimer(delayMs: number, fire: () => void): Timer {
    const timer = { atMs: this.#nowMs + delayMs, fire };
    this.#timers.push(timer);
    return {
      cancel: () => {
        this.#timers = this.#timers.filter((one) => one !== timer);
      },
    };
  }

  nextTurn(run: () => void): void {
    setImmediate(run);
  }

  advance(ms: number): void {
    this.#nowMs += ms;
    const due = this.#timers.filter((timer) => timer.atMs <= this.#nowMs);
    this.#timers = this.#timers.filter((timer) => timer.atMs > this.#nowMs);
    for (const timer of due) timer.fire();
  }
}

/** Lets every promise and turn that is ready run. */
export async function settle(turns = 5): Promise<void> {
  for (let i = 0; i < turns; i++) await new Promise<void>((resolve) => setImmediate(resolve));
}

export function testOptions(overrides: Partial<BackendOptions> = {}): BackendOptions {
  return {
    clock: new ManualClock(),
    logger: silentLogger,
    pageCacheBytesMax: 64 * 1024,
    batchIntervalMs: 100,
    batchLimit: 1_000_000,
    growBytes: 0,
    ...overrides,
  };
}

export const bytes = (text: string): Uint8Array => utf8Encode(text);

/** Where the tests keep their database. */
export const path = "/data/db";

/** A disk with a durable directory for the database, which holds `content` if given. */
export async function newDisk(content?: Uint8Array, options: MemoryDiskOptions = {}): Promise<MemoryDisk> {
  const disk = new MemoryDisk(options);
  disk.makeDirectory("/data");
  await disk.syncDirectory("/");
  if (content !== undefined) {
    const file = disk.open(path, "createNew");
    file.writeAt(content, 0);
    await file.sync();
    file.close();
    await disk.syncDirectory("/data");
  }
  return disk;
}

/** Reads a whole file. */
export function contentOf(disk: Disk, name: string = path): Uint8Array {
  const file = disk.open(name, "read");
  const content = new Uint8Array(file.size());
  file.readAt(content, 0);
  file.close();
  return content;
}

/** Writes over a part of a file. */
export function damage(disk: Disk, position: number, ...values: number[]): void {
  const file = disk.open(path, "write");
  file.writeAt(Uint8Array.from(values), position);
  file.close();
}

/** Takes the seals off all pages, and what speaks of them off the metas, as if bbolt had written them. */
export function withoutSeals(image: Uint8Array, pageSize: number): Uint8Array {
  const words = new Uint32Array(image.buffer, image.byteOffset, image.length >>> 2);
  for (const meta of [0, 1]) words[(meta * pageSize + 80) >>> 2] = 0;
  for (let page = 2; page < image.length / pageSize; page++) {
    const at = (page * pageSize) >>> 2;
    const end = at + ((((words[at + 3] as number) + 1) * pageSize - sealBytes) >>> 2);
    if (words[at] === page && words[end] === (page ^ sealMark) >>> 0) words.fill(0, end, end + 2);
  }
  return image;
}
