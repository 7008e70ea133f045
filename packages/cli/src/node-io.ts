import { readFileSync } from "node:fs";
import type { Connect } from "@quorate/client";
import type { Io } from "./io.ts";

const systemWords: Readonly<Record<string, string>> = {
  ENOENT: "no such file or directory",
  EACCES: "permission denied",
  EISDIR: "is a directory",
  ENOTDIR: "not a directory",
};

/** Says why a file operation failed as Go programs do. */
export function systemText(operation: string, path: string, error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code ?? "";
  return `${operation} ${path}: ${systemWords[code] ?? (error instanceof Error ? error.message : String(error))}`;
}

/** Reads a file whole; the error's message is the operating system's. */
export function readFileOrThrow(path: string): Uint8Array {
  try {
    return readFileSync(path);
  } catch (error) {
    throw new Error(systemText("open", path, error), { cause: error });
  }
}

/** Hands out standard input by lines or as a whole, as it comes. */
class Input {
  #buffered: Buffer = Buffer.alloc(0);
  #chunks: AsyncIterator<Buffer> | undefined;

  async #more(): Promise<boolean> {
    this.#chunks ??= process.stdin[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
    const next = await this.#chunks.next();
    if (next.done === true) return false;
    this.#buffered = Buffer.concat([this.#buffered, next.value]);
    return true;
  }

  async readAll(): Promise<Uint8Array> {
    while (await this.#more());
    return this.#buffered;
  }

  async readLine(): Promise<string | undefined> {
    for (;;) {
      const end = this.#buffered.indexOf(0x0a);
      if (end >= 0) {
        const line = this.#buffered.subarray(0, end).toString("utf8");
        this.#buffered = this.#buffered.subarray(end + 1);
        return line;
      }
      if (!(await this.#more())) return undefined;
    }
  }
}

/** The process itself. */
export function nodeIo(connect: Connect): Io {
  const input = new Input();
  return {
    out: (text) => void process.stdout.write(text),
    err: (text) => void process.stderr.write(text),
    readAll: () => input.readAll(),
    readLine: () => input.readLine(),
    variables: process.env,
    readFile: readFileOrThrow,
    connect,
    nowMs: () => performance.now(),
    sleep: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
  };
}

/** Ends the process once all output has left it. */
export function exitWhenFlushed(code: number): void {
  process.exitCode = code;
  process.stdin.destroy();
  process.stdout.write("", () => process.stderr.write("", () => process.exit(code)));
}
