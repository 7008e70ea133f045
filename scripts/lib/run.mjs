// Running other programs from the scripts: always with a bound on time, always with the output in hand.
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The root of the repository. */
export const root = join(dirname(fileURLToPath(import.meta.url)), "../..");

/** The folder of the programs that the installed packages bring. */
export const localBin = join(root, "node_modules/.bin");

/**
 * Runs a program to its end.
 *
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: NodeJS.ProcessEnv, capture?: boolean, input?: string, timeoutMs?: number }} [options]
 *   with `capture` the output is kept (stdout and stderr interleaved in `output`), else it goes to ours;
 *   past `timeoutMs` (10 minutes unless told) the program's process group is killed.
 * @returns {Promise<{ code: number, output: string, stdout: string }>} `code` is 127 when the program is not there,
 *   124 when the time ran out, 128 when a signal ended it.
 */
export function run(command, args, options = {}) {
  const { cwd = root, env = process.env, capture = false, input, timeoutMs = 600_000 } = options;
  return new Promise((resolve) => {
    const child = spawn(command, args, {
      cwd,
      env,
      detached: capture, // its own group, so that a timeout takes its children along
      stdio: [input === undefined ? "ignore" : "pipe", capture ? "pipe" : "inherit", capture ? "pipe" : "inherit"],
    });
    let output = "";
    let stdout = "";
    let late = false;
    const timer = setTimeout(() => {
      late = true;
      try {
        process.kill(capture ? -(child.pid ?? 0) : (child.pid ?? 0), "SIGKILL");
      } catch {
        // It ended by itself in the meantime.
      }
    }, timeoutMs);
    child.stdout?.setEncoding("utf8").on("data", (text) => {
      output += text;
      stdout += text;
    });
    child.stderr?.setEncoding("utf8").on("data", (text) => {
      output += text;
    });
    child.on("error", (error) => {
      clearTimeout(timer);
      resolve({ code: 127, output: `${command}: ${error.message}`, stdout: "" });
    });
    child.on("close", (code) => {
      clearTimeout(timer);
      if (late) output += `\n${command}: stopped after ${timeoutMs / 1000} s\n`;
      resolve({ code: late ? 124 : (code ?? 128), output, stdout });
    });
    if (input !== undefined) child.stdin?.end(input);
  });
}

/**
 * Reads `--name value`, `--name=value` and bare `--name` from the command line.
 *
 * @param {readonly string[]} argv
 * @param {readonly string[]} valued names that take a value
 * @param {readonly string[]} [bare] names that take none
 * @returns {{ options: Record<string, string | true>, rest: string[] }} an unknown option ends the process with 2.
 */
export function parseArgs(argv, valued, bare = []) {
  /** @type {Record<string, string | true>} */
  const options = {};
  const rest = [];
  for (let i = 0; i < argv.length; i++) {
    const arg = argv[i] ?? "";
    const match = /^--([a-z-]+)(?:=(.*))?$/s.exec(arg);
    if (match === null) {
      rest.push(arg);
      continue;
    }
    const [, name = "", inline] = match;
    if (bare.includes(name) && inline === undefined) {
      options[name] = true;
    } else if (valued.includes(name)) {
      const value = inline ?? argv[++i];
      if (value === undefined) fail(`--${name} needs a value`);
      else options[name] = value;
    } else {
      fail(`unknown option ${arg}; known: ${[...valued, ...bare].map((n) => `--${n}`).join(" ")}`);
    }
  }
  return { options, rest };
}

/** @param {string} message @returns {never} */
export function fail(message) {
  process.stderr.write(`${message}\n`);
  process.exit(2);
}

/** @param {number} startedMs a reading of performance.now() @returns {string} like "3.2 s" */
export function since(startedMs) {
  return `${((performance.now() - startedMs) / 1000).toFixed(1)} s`;
}
