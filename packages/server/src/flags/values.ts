/** The values of all flags: what was given, or the fallback. */
import { invariant } from "@quorate/base";
import type { FlagDefinition } from "./definition.ts";
import { goQuote, integerValue, parseBool, parseDurationMs, ValueError } from "./go-values.ts";
import { findFlag, serverFlags } from "./table.ts";
import { featureGates, stageGates } from "./table-service.ts";
import { type MemberUrl, parseMemberUrls } from "./urls.ts";

/** Features by name; only those that were named. */
export type Gates = ReadonlyMap<string, boolean>;

export type FlagValue = string | number | boolean | readonly string[] | readonly MemberUrl[] | Gates;

const int64 = { lo: -(2n ** 63n), hi: 2n ** 63n - 1n };
const uint64 = { lo: 0n, hi: 2n ** 64n - 1n };

/** Splits a list at commas; the empty text is the empty list. Duplicates go, the order stays. */
export function splitList(text: string): string[] {
  return text === "" ? [] : [...new Set(text.split(","))];
}

function uint32(text: string): number {
  const fail = (why: string): ValueError => new ValueError(`strconv.ParseUint: parsing ${goQuote(text)}: ${why}`);
  if (!/^\d+$/.test(text)) throw fail("invalid syntax");
  const value = Number(text);
  if (value > 0xffffffff) throw fail("value out of range");
  return value;
}

function duration(text: string): number {
  try {
    return parseDurationMs(text);
  } catch (error) {
    // The flag library hides what the time library says.
    throw new ValueError("parse error", { cause: error });
  }
}

/** Reads `Name=true,Other=false`. */
export function parseGates(text: string): Gates {
  const gates = new Map<string, boolean>();
  for (const pair of text.split(",")) {
    if (pair === "") continue;
    const equals = pair.indexOf("=");
    const name = (equals < 0 ? pair : pair.slice(0, equals)).trim();
    if (!featureGates.has(name) && !stageGates.has(name)) throw new ValueError(`unrecognized feature gate: ${name}`);
    if (equals < 0) throw new ValueError(`missing bool value for ${name}`);
    const word = pair.slice(equals + 1).trim();
    const value = parseBool(word);
    if (value === undefined) {
      const why = `strconv.ParseBool: parsing ${goQuote(word)}: invalid syntax`;
      throw new ValueError(`invalid value of ${name}=${word}, err: ${why}`);
    }
    gates.set(name, value);
  }
  return gates;
}

function word(flag: FlagDefinition, text: string): string {
  if (flag.choices === undefined || flag.choices.includes(text)) return text;
  throw new ValueError("invalid value");
}

function bool(text: string): boolean {
  const value = parseBool(text);
  if (value === undefined) throw new ValueError("parse error");
  return value;
}

/** Converts the text given for `flag`. Throws `ValueError` with the words that etcd puts after the flag's name. */
export function convert(flag: FlagDefinition, text: string): FlagValue {
  switch (flag.kind) {
    case "string":
      return word(flag, text);
    case "bool":
      return bool(text);
    case "int":
      return integerValue(text, int64);
    case "uint":
      return integerValue(text, uint64);
    case "uint32":
      return uint32(text);
    case "duration":
      return duration(text);
    case "urls":
      return text === "" ? [] : parseMemberUrls(text.split(","));
    case "strings":
      return splitList(text);
    case "gates":
      return parseGates(text);
    case "ignored":
      return text;
  }
}

/** Values by flag name, and which of them were given rather than left alone. */
export class FlagValues {
  readonly #values: Map<string, FlagValue> = new Map();
  /** Flags given on the command line, by variable or in the file. */
  readonly given: Set<string> = new Set();

  constructor() {
    for (const flag of serverFlags) this.#values.set(flag.name, convert(flag, flag.fallback));
  }

  /** Takes what was given for a flag. */
  give(name: string, value: FlagValue): void {
    this.#values.set(name, value);
    this.given.add(name);
  }

  /** Changes a value without counting it as given. */
  put(name: string, value: FlagValue): void {
    this.#values.set(name, value);
  }

  isGiven(name: string): boolean {
    return this.given.has(name);
  }

  get(name: string): FlagValue {
    const value = this.#values.get(name);
    invariant(value !== undefined, "no such flag", () => ({ name }));
    return value;
  }

  #typed<T extends FlagValue>(name: string, kinds: readonly string[]): T {
    const kind = findFlag(name)?.kind;
    invariant(kind !== undefined && kinds.includes(kind), "flag is of another kind", () => ({ name, kind }));
    return this.get(name) as T;
  }

  string(name: string): string {
    return this.#typed<string>(name, ["string"]);
  }

  bool(name: string): boolean {
    return this.#typed<boolean>(name, ["bool"]);
  }

  /** Counts as they are, durations in milliseconds. */
  number(name: string): number {
    return this.#typed<number>(name, ["int", "uint", "uint32", "duration"]);
  }

  strings(name: string): readonly string[] {
    return this.#typed<readonly string[]>(name, ["strings"]);
  }

  urls(name: string): readonly MemberUrl[] {
    return this.#typed<readonly MemberUrl[]>(name, ["urls"]);
  }

  gates(name: string): Gates {
    return this.#typed<Gates>(name, ["gates"]);
  }
}
