import type { LogLevel } from "@quorate/base";
import type { Message, MessageType } from "@quorate/raft";

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
  readonly #last: Map<string, MessageType> = new Map();
  /** Gets what members log, for whoever reads along. */
  readonly #tell: ((line: string) => void) | undefined;

  constructor(tell: ((line: string) => void) | undefined) {
    this.#tell = tell;
  }

  onLine(name: string, level: LogLevel, message: string, fields: unknown): void {
    this.#lines.push({ name, message });
    this.#tell?.(`  ${name} ${level} ${message} ${fields === undefined ? "" : JSON.stringify(fields)}`);
  }

  onMessage(from: string, message: Message): void {
    this.#last.set(from, message.type);
    for (const look of this.onSend) look(from, message);
  }

  /** The kind of the message that left a member last. */
  lastSent(name: string): MessageType | undefined {
    return this.#last.get(name);
  }

  /** How often a member has logged a line with this text in it. */
  said(name: string, text: string): number {
    return this.#lines.filter((line) => line.name === name && line.message.includes(text)).length;
  }
}
