import type { LogLevel } from "@quorate/base";
import type { Message } from "@quorate/raft";

/** A line that a member logged. */
interface Line {
  readonly name: string;
  readonly message: string;
}

/** Remembers what members say, in their logs and to each other. */
export class Witness {
  readonly #lines: Line[] = [];
  /** Called with each message that leaves a member. */
  readonly onSend: ((from: string, message: Message) => void)[] = [];
  /** Gets what members log, for whoever reads along. */
  readonly #tell: ((line: string) => void) | undefined;

  constructor(tell: ((line: string) => void) | undefined) {
    this.#tell = tell;
  }

  onLine(name: string, level: LogLevel, message: string, fields: unknown): void {
    this.#lines.push({ name, message });
    this.#tell?.(`  ${name} ${level} ${message} ${fields === undefined ? "" : JSON.stringify(fields)}`);
  }

  /** How often a member has logged a line with this text in it. */
  said(name: string, text: string): number {
    return this.#lines.filter((line) => line.name === name && line.message.includes(text)).length;
  }
}
