import { EventKind, type Kernel } from "../kernel.ts";
import { Violation } from "../violation.ts";

/** Something that a script waits for. */
interface Wait {
  readonly holds: () => boolean;
  readonly deadlineUs: number;
  readonly what: string;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

/** How a script waits in virtual time. */
export class Waits {
  readonly #kernel: Kernel;
  #waits: Wait[] = [];

  constructor(kernel: Kernel) {
    this.#kernel = kernel;
  }

  /** Resolves when `holds` does; rejects when it has not after `ms`. */
  until(what: string, holds: () => boolean, ms: number): Promise<void> {
    const deadlineUs = this.#kernel.nowUs + ms * 1000;
    this.#kernel.at(deadlineUs, EventKind.script, undefined, () => undefined);
    return new Promise((resolve, reject) => {
      this.#waits.push({ holds, deadlineUs, what, resolve, reject });
    });
  }

  wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      this.#kernel.after(ms * 1000, EventKind.script, undefined, resolve);
    });
  }

  /** To be called after each event. */
  look(): void {
    if (this.#waits.length === 0) return;
    const { nowUs } = this.#kernel;
    this.#waits = this.#waits.filter((wait) => {
      if (wait.holds()) {
        wait.resolve();
        return false;
      }
      if (nowUs < wait.deadlineUs) return true;
      wait.reject(new Violation("script", `waited in vain for: ${wait.what}`));
      return false;
    });
  }
}
