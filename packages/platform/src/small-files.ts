/** Files that a program reads whole at its start, and those that it appends lines to. */
import { closeSync, openSync, readFileSync, statSync, writeSync } from "node:fs";

/** Reads a whole file. @throws the system's error. */
export function readBytes(path: string): Buffer {
  return readFileSync(path);
}

/** When a file was last changed, in milliseconds since 1970. @throws the system's error. */
export function modifiedAtMs(path: string): number {
  return statSync(path).mtimeMs;
}

/** Appends to a file, or to a descriptor that is open already. */
export class Appender {
  readonly #descriptor: number;
  readonly #owned: boolean;

  /**
   * @param target a path, created when missing, for all to read, as collectors of logs expect; or a descriptor, which stays open.
   * @throws the system's error.
   */
  constructor(target: string | number) {
    this.#owned = typeof target === "string";
    this.#descriptor = typeof target === "string" ? openSync(target, "a", 0o644) : target;
  }

  /** Writes at once. @throws the system's error. */
  write(text: string): void {
    writeSync(this.#descriptor, text);
  }

  close(): void {
    if (this.#owned) closeSync(this.#descriptor);
  }
}
