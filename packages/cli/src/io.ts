/** What a command needs of the process: streams, variables, files and connections. */
import type { Connect } from "@quorate/client";

export interface Io {
  out(text: string | Uint8Array): void;
  err(text: string): void;
  /** All of standard input. */
  readAll(): Promise<Uint8Array>;
  /** The next line of standard input that ends with a newline, without it; undefined when there is none. */
  readLine(): Promise<string | undefined>;
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Throws an error whose message is the operating system's: `open x: no such file or directory`. */
  readFile(path: string): Uint8Array;
  readonly connect: Connect;
  /** Monotonic milliseconds. */
  nowMs(): number;
  sleep(ms: number): Promise<void>;
}

/** Exit statuses of etcd's tools. */
export const Exit = {
  success: 0,
  error: 1,
  badConnection: 2,
  invalidInput: 3,
  badFeature: 4,
  interrupted: 5,
  io: 6,
  badArgs: 128,
} as const;

/** Ends a command with a status and, unless the message is empty, a line `Error: <message>` on stderr. */
export class CommandError extends Error {
  override readonly name = "CommandError";
  readonly exitCode: number;
  /** Printed below the message: who refused, why, and what to do next. */
  readonly explanation: string | undefined;

  constructor(exitCode: number, message: string, explanation?: string) {
    super(message);
    this.exitCode = exitCode;
    this.explanation = explanation;
  }
}
