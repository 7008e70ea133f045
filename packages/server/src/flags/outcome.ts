/** What reading a command line comes to. */
import type { LogFields, LogLevel } from "@quorate/base";
import type { ServerConfig } from "./config.ts";

/** A line for the log, written once the log exists. */
export interface Notice {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields;
}

/**
 * Why the server does not start.
 *
 * `usage`: the command line cannot be read; exit 2 after the message and the usage.
 * `verify`: the values do not go together; exit 1 with the log line "failed to verify flags".
 * `start`: found on the way up; exit 1 with the fatal log line "discovery failed".
 */
export interface FlagProblem {
  readonly stage: "usage" | "verify" | "start";
  /** The flag to change, as `--name`; for problems of a file, the file. */
  readonly flag: string;
  /** One line, etcd's text wherever etcd has one. */
  readonly message: string;
}

export type ServerCommand =
  | { readonly kind: "serve"; readonly config: ServerConfig; readonly notices: readonly Notice[] }
  /** Print both, exit 0. */
  | { readonly kind: "help"; readonly stdout: string; readonly stderr: string }
  /** Print `versionText`, exit 0. */
  | { readonly kind: "version" }
  | {
      readonly kind: "refused";
      /** At least one, the first being the one that etcd would name. */
      readonly problems: readonly FlagProblem[];
      readonly notices: readonly Notice[];
      /** Text for stderr before any log line; empty unless the command line could not be read. */
      readonly stderr: string;
      readonly exitCode: 1 | 2;
    };

/** Stops the reading of a command line; never leaves this folder. */
export class FlagFailure extends Error {
  override readonly name = "FlagFailure";
  readonly problem: FlagProblem;

  constructor(problem: FlagProblem) {
    super(problem.message);
    this.problem = problem;
  }
}
