import type { DiskFile } from "@quorate/base";
import type { FrameBuffer } from "./frame.ts";

/** What is shorter, and in one piece, is written at once: to hand it to a thread would cost more than copying it. */
const threadBytesMinDefault = 256 * 1024;

/**
 * Writes frames in the order they come: short ones at once, long ones by a thread, since a disk that is busy would hold
 * the loop for as long as it takes them in. What comes behind a write that is under way waits for it, so that a process
 * that is killed leaves no gap.
 */
export class OrderedWrites {
  readonly #threadBytesMin: number;
  readonly #onFailure: (error: unknown) => void;
  #last: Promise<void> | undefined;

  /** @param onFailure told when a write by a thread failed; what waited behind it is never written. */
  constructor(onFailure: (error: unknown) => void, threadBytesMin: number = threadBytesMinDefault) {
    this.#onFailure = onFailure;
    this.#threadBytesMin = threadBytesMin;
  }

  /**
   * Takes all frames out of `frames` and writes them.
   *
   * @throws DiskError when a write at once fails.
   */
  write(file: DiskFile, frames: FrameBuffer, position: number): void {
    if (this.#last === undefined && frames.length < this.#threadBytesMin && frames.parts().length === 1) {
      file.writeAt(frames.bytes(), position);
      frames.clear();
      return;
    }
    const parts = frames.take();
    const write = (): Promise<void> => file.writeAllAt(parts, position);
    const done = this.#last === undefined ? write() : this.#last.then(write);
    this.#last = done;
    done.then(
      () => {
        if (this.#last === done) this.#last = undefined;
      },
      (error: unknown) => this.#onFailure(error),
    );
  }

  /** Ends when all that was given before is written; undefined when it is already. Rejects when a write failed. */
  get underWay(): Promise<void> | undefined {
    return this.#last;
  }
}
