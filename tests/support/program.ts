import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { waitFor } from "./wait.ts";

/** How a program ended: with a code, or by a signal. */
export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** What to start. */
export interface ProgramOptions {
  /** Names it in messages. */
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd?: string;
  /** Added to a base environment without any ETCD_, ETCDCTL_ and QUORATE_ variable of ours. */
  readonly env?: Readonly<Record<string, string>>;
}

const running = new Set<ChildProcess>();
process.on("exit", () => {
  for (const child of running) child.kill("SIGKILL"); // Whatever a test forgot does not outlive it.
});

/** The environment of this process without what would steer the programs under test. */
export function cleanEnvironment(extra: Readonly<Record<string, string>> = {}): NodeJS.ProcessEnv {
  const kept = Object.entries(process.env).filter(
    ([name]) => !/^(ETCD|ETCDCTL|ETCDUTL|QUORATE|QUORATECTL)_/.test(name) && !name.startsWith("VITEST"),
  );
  return { ...Object.fromEntries(kept), ...extra };
}

/** Past this many characters the oldest output is forgotten. */
const outputCharactersMax = 8_000_000;

/** A program that runs beside the test; all it writes is kept. */
export class Program {
  readonly name: string;
  readonly #child: ChildProcess;
  readonly #exited: Promise<Exit>;
  #exit: Exit | undefined;
  #output = "";

  constructor({ name, command, args, cwd, env }: ProgramOptions) {
    this.name = name;
    this.#child = spawn(command, args, { cwd, env: cleanEnvironment(env), stdio: ["ignore", "pipe", "pipe"] });
    running.add(this.#child);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.setEncoding("utf8").on("data", (text: string) => {
        this.#output += text;
        if (this.#output.length > outputCharactersMax) this.#output = this.#output.slice(-outputCharactersMax / 2);
      });
    }
    this.#exited = new Promise((resolve) => {
      this.#child.once("error", (error) => {
        this.#output += `${command}: ${error.message}\n`;
        this.#end({ code: 127, signal: null }, resolve);
      });
      this.#child.once("close", (code, signal) => this.#end({ code, signal }, resolve));
    });
  }

  #end(exit: Exit, resolve: (exit: Exit) => void): void {
    running.delete(this.#child);
    this.#exit ??= exit;
    resolve(this.#exit);
  }

  /** The process id; 0 when it could not be started. */
  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** stdout and stderr as they came, interleaved. */
  get output(): string {
    return this.#output;
  }

  /** How it ended; undefined while it runs. */
  get exit(): Exit | undefined {
    return this.#exit;
  }

  /** The lines of {@link output} that are JSON objects, as zap and our log write them. */
  logLines(): Record<string, unknown>[] {
    return this.#output
      .split("\n")
      .filter((line) => line.startsWith("{") && line.endsWith("}"))
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  }

  /** Waits until the output matches; fails at once when the program ends without. */
  async waitForOutput(pattern: RegExp, timeoutMs = 20_000): Promise<RegExpExecArray> {
    const match = await waitFor(
      `${this.name} to write ${String(pattern)}`,
      () => pattern.exec(this.#output) ?? (this.#exit === undefined ? undefined : ("ended" as const)),
      { timeoutMs },
    );
    if (match === "ended") throw new Error(`${this.name} ended before it wrote ${String(pattern)}\n${this.tail()}`);
    return match;
  }

  /** Waits for its end. */
  async waitForExit(timeoutMs = 20_000): Promise<Exit> {
    const controller = new AbortController();
    const timer = setTimeout(() => controller.abort(), timeoutMs);
    try {
      return await Promise.race([
        this.#exited,
        once(controller.signal, "abort").then(() => this.#stillRuns(timeoutMs)),
      ]);
    } finally {
      clearTimeout(timer);
    }
  }

  #stillRuns(timeoutMs: number): never {
    throw new Error(`${this.name} still runs after ${timeoutMs} ms\n${this.tail()}`);
  }

  /** Sends a signal and does not wait. */
  signal(signal: NodeJS.Signals): void {
    if (this.#exit === undefined) this.#child.kill(signal);
  }

  /** kill -9, and waits until it is gone. */
  async kill(): Promise<void> {
    this.signal("SIGKILL");
    await this.waitForExit();
  }

  /** SIGTERM, and waits for an orderly end; after `timeoutMs` kill -9 and an error. */
  async stop(timeoutMs = 15_000): Promise<Exit> {
    this.signal("SIGTERM");
    try {
      return await this.waitForExit(timeoutMs);
    } catch (error) {
      await this.kill();
      throw error;
    }
  }

  /** The last lines of the output, for messages of failed tests. */
  tail(lines = 30): string {
    return this.#output.trimEnd().split("\n").slice(-lines).join("\n");
  }
}

/** What a program said that was run to its end. */
export interface Outcome {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end. A code other than 0 is an answer, not an error; taking longer than `timeoutMs` is one. */
export async function runProgram(
  command: string,
  args: readonly string[],
  options: {
    readonly env?: Readonly<Record<string, string>>;
    readonly input?: string;
    readonly cwd?: string;
    readonly timeoutMs?: number;
  } = {},
): Promise<Outcome> {
  const { env, input, cwd, timeoutMs = 30_000 } = options;
  const child = spawn(command, args, { cwd, env: cleanEnvironment(env), stdio: ["pipe", "pipe", "pipe"] });
  running.add(child);
  let stdout = "";
  let stderr = "";
  let late = false;
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  child.stdin.on("error", () => {}); // It may end before it has read all its input.
  child.stdin.end(input ?? "");
  const timer = setTimeout(() => {
    late = true;
    child.kill("SIGKILL");
  }, timeoutMs);
  try {
    const [code] = (await once(child, "close")) as [number | null];
    if (late) throw new Error(`${command} ${args.join(" ")} still ran after ${timeoutMs} ms\n${stdout}${stderr}`);
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
    running.delete(child);
  }
}
