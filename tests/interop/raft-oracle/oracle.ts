import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { formatSchedule, type Schedule } from "./commands.ts";

/** What the Go program says of a schedule. */
export interface Verdict {
  readonly steps: number;
  readonly digest: readonly [number, number];
  /** How often each intended difference was met, in the order of `rules`. */
  readonly met: readonly number[];
  /** Where and why the library panicked. */
  readonly stops: readonly string[];
  /** The text of each step, when it was asked for. */
  readonly texts: readonly string[];
}

/** The Go program with the raft library, as a process that answers one schedule after the other. */
export class Oracle {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #waiting: ((verdict: Verdict) => void)[] = [];
  readonly #exit: Promise<never>;
  #texts: string[] = [];
  #rest = "";

  constructor(binary: string) {
    this.#child = spawn(binary, [], { stdio: ["pipe", "pipe", "inherit"] });
    this.#child.stdout.setEncoding("latin1").on("data", (chunk: string) => this.#onData(chunk));
    this.#child.stdin.on("error", () => undefined); // Its end is reported by what follows.
    this.#exit = new Promise((_, reject) => {
      this.#child.on("error", reject);
      this.#child.on("exit", (code, signal) => reject(new Error(`raft-oracle ended with ${code ?? signal}`)));
    });
    this.#exit.catch(() => undefined); // Nobody may be waiting when it ends.
  }

  #onData(chunk: string): void {
    const lines = (this.#rest + chunk).split("\n");
    this.#rest = lines.pop() ?? "";
    for (const line of lines) {
      if (!line.startsWith('{"steps":')) {
        this.#texts.push(line);
        continue;
      }
      const verdict = { ...(JSON.parse(line) as Omit<Verdict, "texts">), texts: this.#texts };
      this.#texts = [];
      this.#waiting.shift()?.(verdict);
    }
  }

  /**
   * Plays a schedule; several may be asked for at a time.
   *
   * @param mode `full` for the text of each step beside the digest.
   * @throws Error when the program ended.
   */
  async play(schedule: Schedule, mode: "digest" | "full" = "digest"): Promise<Verdict> {
    const verdict = new Promise<Verdict>((resolve) => this.#waiting.push(resolve));
    const room = this.#child.stdin.write(`${mode} ${formatSchedule(schedule)}\n`);
    if (!room) await Promise.race([once(this.#child.stdin, "drain"), this.#exit]);
    return Promise.race([verdict, this.#exit]);
  }

  async close(): Promise<void> {
    const gone = this.#exit.catch(() => undefined);
    this.#child.stdin.end();
    await gone;
  }
}
