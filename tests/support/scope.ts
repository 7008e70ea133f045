import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Program, type ProgramOptions } from "./program.ts";

/**
 * What one test makes outside of its process, and takes away again.
 *
 * ```ts
 * const scope = new Scope();
 * afterAll(() => scope.close());
 * ```
 *
 * With the environment variable KEEP set, folders stay and their names are printed.
 */
export class Scope {
  readonly #cleanups: (() => Promise<void> | void)[] = [];

  /** Makes a fresh folder below the system's temporary folder. */
  dir(label = "test"): string {
    const path = mkdtempSync(join(tmpdir(), `quorate-${label}-`));
    this.defer(() => {
      if (process.env["KEEP"] === undefined) rmSync(path, { recursive: true, force: true, maxRetries: 3 });
      else process.stderr.write(`kept ${path}\n`);
    });
    return path;
  }

  /** Starts a program that is killed at the end, if it still runs then. */
  spawn(options: ProgramOptions): Program {
    const program = new Program(options);
    this.defer(() => program.kill());
    return program;
  }

  /** Calls `cleanup` at the end; last in, first out. */
  defer(cleanup: () => Promise<void> | void): void {
    this.#cleanups.push(cleanup);
  }

  /** Takes everything away, once, also when part of that fails; then throws the first failure. */
  async close(): Promise<void> {
    const failures: unknown[] = [];
    for (let cleanup = this.#cleanups.pop(); cleanup !== undefined; cleanup = this.#cleanups.pop()) {
      try {
        await cleanup();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw new Error("could not clean up", { cause: failures[0] });
  }
}
