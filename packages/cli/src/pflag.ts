/** Flags in GNU style, with the messages of the library that etcd's tools use. */
import { CommandError, Exit } from "./io.ts";

export type OptionKind = "string" | "bool" | "int" | "duration" | "list";

export interface Option {
  readonly name: string;
  readonly letter?: string;
  readonly kind: OptionKind;
  /** As it would be typed. */
  readonly fallback: string;
  readonly help: string;
}

/** A command line that cannot be parsed; usage goes to stdout, the message to stderr. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}

const words: ReadonlyMap<string, boolean> = new Map([
  ...["1", "t", "T", "true", "TRUE", "True"].map((word) => [word, true] as const),
  ...["0", "f", "F", "false", "FALSE", "False"].map((word) => [word, false] as const),
]);

const unitMs: Readonly<Record<string, number>> = {
  ns: 1e-6,
  us: 1e-3,
  µs: 1e-3,
  ms: 1,
  s: 1000,
  m: 60_000,
  h: 3_600_000,
};

/** Reads a Go duration; throws an error with Go's text. */
export function durationMs(text: string): number {
  const match = /^([+-]?)((?:\d+\.?\d*|\.\d+)(?:ns|us|µs|ms|s|m|h))+$/.exec(text);
  if (match === null) {
    if (/^[+-]?0$/.test(text)) return 0;
    const missing = /^[+-]?\d+(\.\d*)?$/.test(text);
    throw new Error(missing ? `time: missing unit in duration "${text}"` : `time: invalid duration "${text}"`);
  }
  let total = 0;
  for (const [, count, unit] of text.matchAll(/(\d+\.?\d*|\.\d+)(ns|us|µs|ms|s|m|h)/g)) {
    total += Number(count) * (unitMs[unit as string] as number);
  }
  return match[1] === "-" ? -total : total;
}

/** Prints milliseconds as Go prints a duration, down to nanoseconds. */
export function durationText(ms: number): string {
  const ns = Math.round(ms * 1e6);
  const trim = (value: number, digits: number): string => value.toFixed(digits).replace(/\.?0+$/, "");
  if (ns === 0) return "0s";
  if (ns < 1e3) return `${ns}ns`;
  if (ns < 1e6) return `${trim(ns / 1e3, 3)}µs`;
  if (ns < 1e9) return `${trim(ns / 1e6, 6)}ms`;
  const minutes = Math.floor(ns / 60e9);
  const seconds = `${trim((ns - minutes * 60e9) / 1e9, 9)}s`;
  if (minutes === 0) return seconds;
  return minutes < 60 ? `${minutes}m${seconds}` : `${Math.floor(minutes / 60)}h${minutes % 60}m${seconds}`;
}

function integer(text: string): number {
  const fail = (why: string): Error => new Error(`strconv.ParseInt: parsing ${JSON.stringify(text)}: ${why}`);
  if (!/^[+-]?(0[xX][0-9a-fA-F]+|\d+)$/.test(text)) throw fail("invalid syntax");
  const value = text.startsWith("-") ? -Number(text.slice(1)) : Number(text.replace(/^\+/, ""));
  if (Math.abs(value) > Number.MAX_SAFE_INTEGER) throw fail("value out of range");
  return value;
}

type OptionValue = string | number | boolean | readonly string[];

function convert(option: Option, text: string): OptionValue {
  if (option.kind === "int") return integer(text);
  if (option.kind === "duration") return durationMs(text);
  if (option.kind === "list") return text === "" ? [] : text.split(",");
  if (option.kind === "string") return text;
  const value = words.get(text);
  if (value === undefined) throw new Error(`strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`);
  return value;
}

/** Options of one invocation with their values. */
export class Options {
  readonly #values: Map<string, OptionValue> = new Map();
  readonly #given: Set<string> = new Set();
  readonly list: readonly Option[];

  constructor(list: readonly Option[]) {
    this.list = list;
    for (const option of list) this.#values.set(option.name, convert(option, option.fallback));
  }

  find(name: string): Option | undefined {
    return this.list.find((option) => option.name === name);
  }

  set(option: Option, text: string): void {
    this.#values.set(option.name, convert(option, text));
    this.#given.add(option.name);
  }

  /** Takes a value given on the command line. */
  give(option: Option, shown: string, text: string): void {
    try {
      this.set(option, text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new UsageError(`invalid argument ${JSON.stringify(text)} for "${shown}" flag: ${why}`);
    }
  }

  given(name: string): boolean {
    return this.#given.has(name);
  }

  #value(name: string): OptionValue {
    const value = this.#values.get(name);
    if (value === undefined) throw new Error(`no such option: ${name}`);
    return value;
  }

  string(name: string): string {
    return this.#value(name) as string;
  }

  bool(name: string): boolean {
    return this.#value(name) as boolean;
  }

  /** Counts as they are, durations in milliseconds. */
  number(name: string): number {
    return this.#value(name) as number;
  }

  strings(name: string): readonly string[] {
    return this.#value(name) as readonly string[];
  }
}

/** Reads flags and words in any order; `--` ends the flags. Returns the words. */
export function parseOptions(args: readonly string[], options: Options): string[] {
  const positional: string[] = [];
  let at = 0;
  const next = (what: string): string => {
    const text = args[at];
    if (text === undefined) throw new UsageError(`flag needs an argument: ${what}`);
    at += 1;
    return text;
  };
  while (at < args.length) {
    const arg = args[at++] as string;
    if (arg === "--") return [...positional, ...args.slice(at)];
    if (arg.startsWith("--")) longOption(arg, options, next);
    else if (arg.startsWith("-") && arg !== "-") letters(arg, options, next);
    else positional.push(arg);
  }
  return positional;
}

function longOption(arg: string, options: Options, next: (what: string) => string): void {
  const equals = arg.indexOf("=");
  const name = arg.slice(2, equals < 0 ? undefined : equals);
  if (name === "" || name.startsWith("-")) throw new UsageError(`bad flag syntax: ${arg}`);
  const option = options.find(name);
  if (option === undefined) throw new UsageError(`unknown flag: --${name}`);
  const shown = option.letter === undefined ? `--${name}` : `-${option.letter}, --${name}`;
  if (equals >= 0) options.give(option, shown, arg.slice(equals + 1));
  else if (option.kind === "bool") options.give(option, shown, "true");
  else options.give(option, shown, next(`--${name}`));
}

function letters(arg: string, options: Options, next: (what: string) => string): void {
  for (let i = 1; i < arg.length; i++) {
    const letter = arg[i] as string;
    const option = options.list.find((candidate) => candidate.letter === letter);
    if (option === undefined) throw new UsageError(`unknown shorthand flag: '${letter}' in ${arg}`);
    const shown = `-${letter}, --${option.name}`;
    const rest = arg.slice(i + 1);
    if (rest.startsWith("=")) {
      options.give(option, shown, rest.slice(1));
      return;
    }
    if (option.kind !== "bool") {
      options.give(option, shown, rest === "" ? next(`'${letter}' in ${arg}`) : rest);
      return;
    }
    options.give(option, shown, "true");
  }
}

/**
 * Takes options from variables named after them, as `ETCDCTL_ENDPOINTS`.
 *
 * @throws CommandError when an option is given both ways.
 */
export function takeVariables(
  prefix: string,
  options: Options,
  variables: Readonly<Record<string, string | undefined>>,
  warn: (text: string) => void,
): void {
  const known = new Set([`${prefix}API`]);
  for (const option of options.list) {
    const variable = prefix + option.name.toUpperCase().replaceAll("-", "_");
    known.add(variable);
    const text = variables[variable];
    if (text === undefined || text === "") continue;
    if (options.given(option.name)) {
      const advice = "(either unset environment variable or disable flag)";
      const clash = "conflicting environment variable is shadowed by corresponding command-line flag";
      throw new CommandError(Exit.error, `${clash} ${advice}: ${variable} and --${option.name} are both set`);
    }
    try {
      options.set(option, text);
    } catch (error) {
      const why = error instanceof Error ? error.message : String(error);
      throw new CommandError(Exit.error, `invalid value ${JSON.stringify(text)} for ${variable}: ${why}`);
    }
  }
  for (const name of Object.keys(variables)) {
    if (name.startsWith(prefix) && !known.has(name)) warn(`unrecognized environment variable ${name}\n`);
  }
}
