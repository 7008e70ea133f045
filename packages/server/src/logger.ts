import type { LogFields, Logger, LogLevel } from "@quorate/base";
import { Appender } from "@quorate/platform";
import type { LogConfig } from "./flags/index.ts";

const ranks: Readonly<Record<string, number>> = { debug: 0, info: 1, warn: 2, error: 3, panic: 4, fatal: 5 };

/** Writes one line to every output; lines are whole, whatever the outputs are. */
export class LogOutputs {
  readonly #outputs: Appender[] = [];

  /** @param outputs as `--log-outputs` has them. @throws the system's error for a file that cannot be opened. */
  constructor(outputs: readonly string[]) {
    for (const output of outputs) {
      if (output === "stdout") this.#outputs.push(new Appender(1));
      else if (output === "stderr" || output === "default" || output === "systemd/journal") {
        this.#outputs.push(new Appender(2));
      } else this.#outputs.push(new Appender(output));
    }
  }

  write(line: string): void {
    for (const output of this.#outputs) {
      try {
        output.write(line);
      } catch {
        // A reader that went away, or a full pipe, must not stop the member; the line is lost.
      }
    }
  }

  close(): void {
    for (const output of this.#outputs.splice(0)) output.close();
  }
}

const pad = (value: number, width = 2): string => String(value).padStart(width, "0");

/** A time as zap writes it: UTC with microseconds. */
export function zapTime(ms: number): string {
  const date = new Date(ms);
  const micros = Math.floor((ms - Math.floor(ms)) * 1000);
  return (
    `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}T` +
    `${pad(date.getUTCHours())}:${pad(date.getUTCMinutes())}:${pad(date.getUTCSeconds())}.` +
    `${pad(date.getUTCMilliseconds(), 3)}${pad(micros, 3)}Z`
  );
}

function jsonValue(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString(16);
  if (value instanceof Error) return value.message;
  return value;
}

/** Log lines in the JSON form of etcd's zap logger, or its console form. */
export class ZapLogger implements Logger {
  readonly #outputs: LogOutputs;
  readonly #rank: number;
  readonly #console: boolean;
  readonly #caller: string;
  readonly #name: string | undefined;

  constructor(
    outputs: LogOutputs,
    config: Pick<LogConfig, "level" | "format">,
    caller = "server/server.ts:1",
    name?: string,
  ) {
    this.#outputs = outputs;
    this.#rank = ranks[config.level] ?? 1;
    this.#console = config.format === "console";
    this.#caller = caller;
    this.#name = name;
  }

  /** The same outputs for another part of the program. `caller` has the form `folder/file.ts:line`. */
  for(caller: string, name?: string): ZapLogger {
    const level = (Object.entries(ranks).find(([, rank]) => rank === this.#rank)?.[0] ?? "info") as LogConfig["level"];
    return new ZapLogger(this.#outputs, { level, format: this.#console ? "console" : "json" }, caller, name);
  }

  log(level: LogLevel, message: string, fields: LogFields = {}): void {
    if ((ranks[level] ?? 1) < this.#rank) return;
    const ts = zapTime(Date.now());
    if (this.#console) {
      const parts = [ts, level, ...(this.#name === undefined ? [] : [this.#name]), this.#caller, message];
      if (Object.keys(fields).length > 0) parts.push(JSON.stringify(fields, jsonValue));
      this.#outputs.write(`${parts.join("\t")}\n`);
      return;
    }
    const named = this.#name === undefined ? {} : { logger: this.#name };
    this.#outputs.write(
      `${JSON.stringify({ level, ts, ...named, caller: this.#caller, msg: message, ...fields }, jsonValue)}\n`,
    );
  }

  close(): void {
    this.#outputs.close();
  }
}
