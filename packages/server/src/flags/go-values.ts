/**
 * Values as Go's `flag`, `strconv` and `time` packages read and print them. Failures carry Go's wording,
 * because scripts compare it.
 */

/** A value that a flag, variable or file field cannot hold; `message` is the text after the last colon. */
export class ValueError extends Error {
  override readonly name = "ValueError";
}

const truthy: ReadonlySet<string> = new Set(["1", "t", "T", "true", "TRUE", "True"]);
const falsy: ReadonlySet<string> = new Set(["0", "f", "F", "false", "FALSE", "False"]);

/** Returns undefined for a word that is no boolean. */
export function parseBool(text: string): boolean | undefined {
  if (truthy.has(text)) return true;
  return falsy.has(text) ? false : undefined;
}

/** Reads an integer literal with the prefixes and underscores of Go; undefined when it is none. */
export function parseInteger(text: string): bigint | undefined {
  const match = /^([+-]?)(0[xX][0-9a-fA-F_]+|0[bB][01_]+|0[oO]?[0-7_]*|[1-9][0-9_]*)$/.exec(text);
  if (match === null) return undefined;
  let digits = match[2] as string;
  if (/__|_$/.test(digits)) return undefined;
  digits = digits.replaceAll("_", "");
  if (/^0[0-7]+$/.test(digits)) digits = `0o${digits.slice(1)}`;
  if (/^0[xXbBoO]?$/.test(digits) && digits !== "0") return undefined;
  const value = BigInt(digits);
  return match[1] === "-" ? -value : value;
}

/** Bounds of an integer flag, both included. */
export interface IntegerRange {
  readonly lo: bigint;
  readonly hi: bigint;
}

/**
 * Reads an integer flag. The value must also be a safe integer: no option of ours means anything beyond.
 *
 * @throws ValueError `parse error` or `value out of range`.
 */
export function integerValue(text: string, range: IntegerRange): number {
  const value = parseInteger(text);
  if (value === undefined) throw new ValueError("parse error");
  if (range.lo >= 0n && text.startsWith("-")) throw new ValueError("parse error");
  if (value < range.lo || value > range.hi) throw new ValueError("value out of range");
  return Number(value);
}

const unitNs: ReadonlyMap<string, number> = new Map([
  ["ns", 1],
  ["us", 1e3],
  ["µs", 1e3],
  ["μs", 1e3],
  ["ms", 1e6],
  ["s", 1e9],
  ["m", 60e9],
  ["h", 3600e9],
]);

const durationNsMax = 2 ** 63;

/**
 * Reads a duration such as `1h30m` or `300ms`.
 *
 * @returns milliseconds, with a fraction for parts below.
 * @throws ValueError with the text of Go's `time.ParseDuration`.
 */
export function parseDurationMs(text: string): number {
  const quoted = goQuote(text);
  let rest = text;
  let sign = 1;
  if (rest[0] === "-" || rest[0] === "+") {
    if (rest[0] === "-") sign = -1;
    rest = rest.slice(1);
  }
  if (rest === "0") return 0;
  if (rest === "") throw new ValueError(`time: invalid duration ${quoted}`);
  let totalNs = 0;
  while (rest !== "") {
    const part = /^(\d+\.?\d*|\.\d+)([^\d.]*)/.exec(rest);
    if (part === null) throw new ValueError(`time: invalid duration ${quoted}`);
    const unit = part[2] as string;
    if (unit === "") throw new ValueError(`time: missing unit in duration ${quoted}`);
    const scale = unitNs.get(unit);
    if (scale === undefined) throw new ValueError(`time: unknown unit ${goQuote(unit)} in duration ${quoted}`);
    totalNs += Number(part[1]) * scale;
    rest = rest.slice(part[0].length);
  }
  if (totalNs >= durationNsMax) throw new ValueError(`time: invalid duration ${quoted}`);
  return (sign * Math.trunc(totalNs)) / 1e6;
}

/** Prints milliseconds as Go prints a duration: `1m0s`, `100ms`, `948.526µs`, `0s`. */
export function formatDurationMs(ms: number): string {
  const ns = Math.round(Math.abs(ms) * 1e6);
  const sign = ms < 0 && ns > 0 ? "-" : "";
  if (ns === 0) return "0s";
  if (ns < 1e3) return `${sign}${ns}ns`;
  if (ns < 1e6) return `${sign}${fraction(ns, 1e3)}µs`;
  if (ns < 1e9) return `${sign}${fraction(ns, 1e6)}ms`;
  const minutes = Math.floor(ns / 60e9);
  const seconds = `${fraction(ns - minutes * 60e9, 1e9)}s`;
  if (minutes === 0) return sign + seconds;
  const hours = Math.floor(minutes / 60);
  return hours === 0 ? `${sign}${minutes}m${seconds}` : `${sign}${hours}h${minutes % 60}m${seconds}`;
}

function fraction(ns: number, unit: number): string {
  const whole = Math.floor(ns / unit);
  const rest = String(ns - whole * unit).padStart(String(unit).length - 1, "0");
  const digits = rest.replace(/0+$/, "");
  return digits === "" ? String(whole) : `${whole}.${digits}`;
}

const named: ReadonlyMap<number, string> = new Map([
  [7, "\\a"],
  [8, "\\b"],
  [9, "\\t"],
  [10, "\\n"],
  [11, "\\v"],
  [12, "\\f"],
  [13, "\\r"],
  [34, '\\"'],
  [92, "\\\\"],
]);

/** Quotes text as Go's `%q` does for what can stand in a flag. */
export function goQuote(text: string): string {
  let quoted = "";
  for (const symbol of text) {
    const point = symbol.codePointAt(0) as number;
    const short = named.get(point);
    if (short !== undefined) quoted += short;
    else if (point < 0x20 || point === 0x7f) quoted += `\\x${point.toString(16).padStart(2, "0")}`;
    else quoted += symbol;
  }
  return `"${quoted}"`;
}
