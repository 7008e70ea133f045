/** The configuration file: flag names as keys, durations as whole nanoseconds, some groups as maps of their own. */
import type { FlagDefinition } from "./definition.ts";
import { goQuote, ValueError } from "./go-values.ts";
import { FlagFailure, type Notice } from "./outcome.ts";
import { findFlag } from "./table.ts";
import { convert, type FlagValues } from "./values.ts";
import { parseYaml, YamlError, type YamlMap, type YamlValue } from "./yaml.ts";

/** Keys within a map of the file, and the flags that they stand for. */
const groups: ReadonlyMap<string, ReadonlyMap<string, string>> = new Map([
  ["client-transport-security", security("")],
  ["peer-transport-security", security("peer-")],
  [
    "socket-options",
    new Map([
      ["reuse-address", "socket-reuse-address"],
      ["reuse-port", "socket-reuse-port"],
    ]),
  ],
  ["discovery-config", discovery()],
]);

function security(prefix: string): ReadonlyMap<string, string> {
  const keys = ["cert-file", "key-file", "client-cert-file", "client-key-file", "client-cert-auth"];
  const flags = new Map([...keys, "trusted-ca-file", "auto-tls"].map((key) => [key, prefix + key]));
  const side = prefix === "" ? "client" : "peer";
  flags.set("allowed-hostname", `${side}-cert-allowed-hostname`);
  flags.set("crl-file", `${side}-crl-file`);
  if (side === "peer") {
    flags.set("allowed-cn", "peer-cert-allowed-cn");
    flags.set("skip-client-san-verification", "peer-skip-client-san-verification");
  }
  return flags;
}

function discovery(): ReadonlyMap<string, string> {
  const flags = ["token", "endpoints", "dial-timeout", "request-timeout", "keepalive-time", "keepalive-timeout"];
  return new Map(flags.map((key) => [key, `discovery-${key}`]));
}

/** The sample file spells one key unlike the flag. */
const spelledOtherwise: ReadonlyMap<string, string> = new Map([
  ["experimental-snapshot-catch-up-entries", "experimental-snapshot-catchup-entries"],
]);

/** Keys of etcd's sample file that its server never looks at. */
const ignoredKeys: ReadonlySet<string> = new Set([
  "discovery-fallback",
  "proxy",
  "proxy-failure-wait",
  "proxy-refresh-interval",
  "proxy-dial-timeout",
  "proxy-write-timeout",
  "proxy-read-timeout",
]);

/** Writes a value as the command line would have it; durations stand as whole nanoseconds in the file. */
function textOf(flag: FlagDefinition, value: YamlValue): string {
  if (flag.kind === "duration") {
    if (typeof value !== "number" || !Number.isInteger(value)) {
      throw new ValueError("must be a whole number of nanoseconds");
    }
    return `${value}ns`;
  }
  if (flag.kind === "strings" && Array.isArray(value)) return value.map(String).join(",");
  if (flag.kind === "bool") {
    if (typeof value !== "boolean") throw new ValueError("must be true or false");
    return String(value);
  }
  if (flag.kind === "int" || flag.kind === "uint" || flag.kind === "uint32") {
    if (typeof value !== "number") throw new ValueError("must be a number");
    return String(value);
  }
  if (typeof value === "string" || typeof value === "number" || typeof value === "boolean") return String(value);
  throw new ValueError("must be a single value");
}

class FileLoader {
  readonly #path: string;
  readonly #values: FlagValues;
  readonly notices: Notice[] = [];

  constructor(path: string, values: FlagValues) {
    this.#path = path;
    this.#values = values;
  }

  fail(message: string): FlagFailure {
    return new FlagFailure({ stage: "verify", flag: this.#path, message });
  }

  take(key: string, name: string, value: YamlValue): void {
    if (ignoredKeys.has(name)) return;
    const flag = findFlag(spelledOtherwise.get(name) ?? name);
    if (flag === undefined || flag.kind === "ignored") {
      const fields = { path: this.#path, key };
      this.notices.push({ level: "warn", message: "unrecognized key in the configuration file", fields });
      return;
    }
    if (value === null) return;
    try {
      const text = textOf(flag, value);
      if (text !== "" || flag.kind === "string") this.#values.give(flag.name, convert(flag, text));
    } catch (error) {
      if (!(error instanceof ValueError)) throw error;
      const what = typeof value === "string" ? ` ${goQuote(value)}` : "";
      const message =
        flag.kind === "urls"
          ? `unexpected error setting up ${key}: ${error.message}`
          : `${this.#path}: invalid value${what} for ${key}: ${error.message}`;
      throw this.fail(message);
    }
  }

  group(key: string, keys: ReadonlyMap<string, string>, value: YamlValue): void {
    if (value === null) return;
    if (!(value instanceof Map)) throw this.fail(`invalid ${key}`);
    for (const [inner, innerValue] of value as YamlMap) {
      const name = keys.get(inner);
      if (name === undefined) this.take(`${key}.${inner}`, "", innerValue);
      else this.take(`${key}.${inner}`, name, innerValue);
    }
  }
}

/**
 * Takes the values of a file.
 *
 * @returns what is worth a line in the log.
 * @throws FlagFailure when the file cannot be understood.
 */
export function parseConfigFile(path: string, text: string, values: FlagValues): Notice[] {
  const loader = new FileLoader(path, values);
  let content: YamlValue;
  try {
    content = parseYaml(text);
  } catch (error) {
    if (!(error instanceof YamlError)) throw error;
    throw loader.fail(`${path}: ${error.message}`);
  }
  if (!(content instanceof Map)) throw loader.fail(`${path}: must hold key: value lines`);
  for (const [key, value] of content as YamlMap) {
    const keys = groups.get(key);
    if (keys === undefined) loader.take(key, key, value);
    else loader.group(key, keys, value);
  }
  return loader.notices;
}
