/** Prepares the next segment in the background, so that a cut finds allocated space. */
import type { Disk, DiskFile } from "@quorate/base";
import { toError } from "./errors.ts";

/** A file ready to become a segment: empty and allocated, under a temporary name. */
export interface PreparedSegment {
  readonly path: string;
  readonly file: DiskFile;
}

/** At most one file at a time, named `0.tmp` and `1.tmp` in turn, as etcd does. */
export class NextSegment {
  readonly #disk: Disk;
  readonly #directory: string;
  readonly #bytes: number;
  #turn = 0;
  #running: Promise<void> | undefined;
  #ready: PreparedSegment | undefined;
  #failure: Error | undefined;

  constructor(disk: Disk, directory: string, bytes: number) {
    this.#disk = disk;
    this.#directory = directory;
    this.#bytes = bytes;
  }

  /** Begins to prepare a file, unless one is ready or on its way. */
  prepare(): void {
    if (this.#running !== undefined || this.#ready !== undefined || this.#failure !== undefined) return;
    const path = `${this.#directory}/${this.#turn % 2}.tmp`;
    this.#turn += 1;
    this.#running = prepareSegment(this.#disk, path, this.#bytes).then(
      (file) => {
        this.#ready = { path, file };
        this.#running = undefined;
      },
      (error: unknown) => {
        this.#failure = toError(error);
        this.#running = undefined;
      },
    );
  }

  /**
   * Hands over the file that is ready; undefined while it is not.
   *
   * @throws DiskError when it could not be prepared.
   */
  take(): PreparedSegment | undefined {
    if (this.#failure !== undefined) throw this.#failure;
    const ready = this.#ready;
    this.#ready = undefined;
    return ready;
  }

  /** Removes what was prepared. */
  async close(): Promise<void> {
    await this.#running;
    const ready = this.#ready;
    this.#ready = undefined;
    if (ready === undefined) return;
    ready.file.close();
    this.#disk.remove(ready.path);
  }
}

/** Creates a file with `bytes` reserved bytes of zeros. What had the name before is gone. */
export async function prepareSegment(disk: Disk, path: string, bytes: number): Promise<DiskFile> {
  disk.remove(path);
  const file = disk.open(path, "createNew", 0o600);
  try {
    await file.allocate(bytes);
  } catch (error) {
    file.close();
    throw error;
  }
  return file;
}
