/** Command line and variables, read as Go's `flag` package reads them. */
import type { FlagDefinition } from "./definition.ts";
import { goQuote, ValueError } from "./go-values.ts";
import { FlagFailure, type Notice } from "./outcome.ts";
import { findFlag, serverFlags, variableOf } from "./table.ts";
import { convert, type FlagValues } from "./values.ts";

/** Thrown for `-h` and `--help`; nothing behind it is looked at. */
export class HelpAsked extends Error {
  override readonly name = "HelpAsked";
}

function usage(flag: string, message: string): FlagFailure {
  return new FlagFailure({ stage: "usage", flag, message });
}

function givesNoValue(flag: FlagDefinition): boolean {
  return flag.kind === "bool" || flag.kind === "ignored";
}

function set(values: FlagValues, flag: FlagDefinition, text: string): void {
  try {
    values.give(flag.name, convert(flag, text));
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const name = flag.name;
    const message =
      flag.kind === "bool"
        ? `invalid boolean value ${goQuote(text)} for -${name}: ${error.message}`
        : `invalid value ${goQuote(text)} for flag -${name}: ${error.message}`;
    throw usage(`--${name}`, message);
  }
}

/**
 * Reads flags until the first word that is none.
 *
 * @returns the words left over.
 * @throws FlagFailure for a flag that is unknown, malformed or without its value; HelpAsked.
 */
export function parseFlags(args: readonly string[], values: FlagValues): readonly string[] {
  let at = 0;
  while (at < args.length) {
    const arg = args[at] as string;
    if (arg.length < 2 || !arg.startsWith("-")) return args.slice(at);
    at += 1;
    if (arg === "--") return args.slice(at);
    const body = arg.slice(arg.startsWith("--") ? 2 : 1);
    if (body === "" || body.startsWith("-") || body.startsWith("=")) throw usage(arg, `bad flag syntax: ${arg}`);
    const equals = body.indexOf("=");
    const name = equals < 0 ? body : body.slice(0, equals);
    const flag = findFlag(name);
    if (flag === undefined) {
      if (name === "help" || name === "h") throw new HelpAsked();
      throw usage(`--${name}`, `flag provided but not defined: -${name}`);
    }
    if (equals >= 0) set(values, flag, body.slice(equals + 1));
    else if (givesNoValue(flag)) set(values, flag, "true");
    else {
      const text = args[at];
      if (text === undefined) throw usage(`--${name}`, `flag needs an argument: -${name}`);
      at += 1;
      set(values, flag, text);
    }
  }
  return [];
}

/** Variables that are ours without being flags. */
const knownVariables: ReadonlySet<string> = new Set([
  "ETCD_CONFIG_FILE",
  "ETCD_UNSUPPORTED_ARCH",
  "ETCD_VERIFY",
  "ETCD_VERSION",
]);

type Environment = Readonly<Record<string, string | undefined>>;

const shadowed =
  "conflicting environment variable is shadowed by corresponding command-line flag (either unset environment variable or disable flag)";

/**
 * Takes the values of `ETCD_*` variables.
 *
 * @throws FlagFailure for a malformed value, or when a flag and its variable are both given.
 */
export function parseVariables(env: Environment, values: FlagValues): Notice[] {
  const notices: Notice[] = [];
  const special = env["ETCD_VERSION"];
  if (special !== undefined && special !== "") {
    const fields = { key: "ETCD_VERSION", value: special };
    notices.push({ level: "warn", message: "cannot set special environment variable", fields });
  }
  const onCommandLine = new Set(values.given);
  const names = new Set(knownVariables);
  for (const flag of serverFlags) {
    const variable = variableOf(flag.name);
    names.add(variable);
    const text = env[variable];
    if (text === undefined || text === "" || knownVariables.has(variable)) continue;
    if (onCommandLine.has(flag.name)) {
      const message = `${shadowed}: ${variable} and --${flag.name} are both set`;
      throw new FlagFailure({ stage: "verify", flag: `--${flag.name}`, message });
    }
    takeVariable(values, flag, variable, text);
    const fields = { "variable-name": variable, "variable-value": text };
    notices.push({ level: "info", message: "recognized and used environment variable", fields });
  }
  for (const [name, text] of Object.entries(env)) {
    if (!name.startsWith("ETCD_") || names.has(name)) continue;
    const fields = { "environment-variable": `${name}=${text ?? ""}` };
    notices.push({ level: "warn", message: "unrecognized environment variable", fields });
  }
  return notices;
}

function takeVariable(values: FlagValues, flag: FlagDefinition, variable: string, text: string): void {
  try {
    values.give(flag.name, convert(flag, text));
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    const message = `invalid value ${goQuote(text)} for ${variable}: ${error.message}`;
    throw new FlagFailure({ stage: "verify", flag: variable, message });
  }
}
