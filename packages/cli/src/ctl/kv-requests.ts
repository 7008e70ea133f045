/** Requests of `put`, `get` and `del`, shared by the commands and by the operations of a transaction. */
import type { DeleteRangeRequest, PutRequest, RangeRequest } from "@quorate/api";
import { SortOrder, SortTarget } from "@quorate/api";
import { toLeaseId } from "@quorate/base";
import { prefixEnd } from "@quorate/client";
import { CommandError, Exit } from "../io.ts";
import type { Option, Options } from "../pflag.ts";
import { goQuote } from "../print/go-text.ts";

const bool = (name: string, help: string): Option => ({ name, kind: "bool", fallback: "false", help });
const int = (name: string, help: string): Option => ({ name, kind: "int", fallback: "0", help });
const string = (name: string, fallback: string, help: string): Option => ({ name, kind: "string", fallback, help });

export const putOptions: readonly Option[] = [
  string("lease", "0", "Lease that the key shall live with, in hexadecimal"),
  bool("prev-kv", "Print the pair that is replaced"),
  bool("ignore-value", "Keep the value, change only the lease"),
  bool("ignore-lease", "Keep the lease, change only the value"),
];

export const getOptions: readonly Option[] = [
  string("consistency", "l", "Linearizable (l), or the view of one member: serializable (s)"),
  string("order", "", "Order of results: ASCEND or DESCEND"),
  string("sort-by", "", "What to order by: CREATE, KEY, MODIFY, VALUE or VERSION"),
  int("limit", "Most results, 0 for all"),
  bool("prefix", "All keys that start with the key"),
  bool("from-key", "All keys that are not below the key"),
  int("rev", "At this revision, 0 for the present"),
  bool("keys-only", "Without values"),
  bool("count-only", "Only how many there are (with -w fields)"),
  bool("print-value-only", "Print values without keys (with -w simple)"),
  int("min-create-rev", "Only keys created at this revision or later"),
  int("max-create-rev", "Only keys created at this revision or before"),
  int("min-mod-rev", "Only keys changed at this revision or later"),
  int("max-mod-rev", "Only keys changed at this revision or before"),
];

export const delOptions: readonly Option[] = [
  bool("prefix", "All keys that start with the key"),
  bool("prev-kv", "Print the pairs that are deleted"),
  bool("from-key", "All keys that are not below the key"),
  bool("range", "The range is meant: do not wait before deleting it"),
];

const utf8 = (text: string): Uint8Array => new TextEncoder().encode(text);
const nul = new Uint8Array(1);

function badArgs(message: string): CommandError {
  return new CommandError(Exit.badArgs, message);
}

/** The range that the key, the range end and the flags stand for. */
function range(args: readonly string[], options: Options): { key: Uint8Array; rangeEnd: Uint8Array } {
  if (options.bool("prefix") && options.bool("from-key")) {
    throw badArgs("`--prefix` and `--from-key` cannot be set at the same time, choose one");
  }
  const open = options.bool("prefix") || options.bool("from-key");
  if (args.length > 1 && open) {
    throw badArgs("too many arguments, only accept one argument when `--prefix` or `--from-key` is set");
  }
  const key = utf8(args[0] as string);
  if (open && key.length === 0) return { key: nul, rangeEnd: nul };
  if (options.bool("prefix")) return { key, rangeEnd: prefixEnd(key) };
  if (options.bool("from-key")) return { key, rangeEnd: nul };
  return { key, rangeEnd: utf8(args[1] ?? "") };
}

/** Reads `l` or `s`. */
export function isSerializable(consistency: string): boolean {
  if (consistency === "s") return true;
  if (consistency === "l") return false;
  throw new CommandError(Exit.badFeature, `unknown consistency flag ${goQuote(consistency)}`);
}

const orders: ReadonlyMap<string, number> = new Map([
  ["", SortOrder.NONE],
  ["ASCEND", SortOrder.ASCEND],
  ["DESCEND", SortOrder.DESCEND],
]);

const targets: ReadonlyMap<string, number> = new Map([
  ["", SortTarget.KEY],
  ["CREATE", SortTarget.CREATE],
  ["KEY", SortTarget.KEY],
  ["MODIFY", SortTarget.MOD],
  ["VALUE", SortTarget.VALUE],
  ["VERSION", SortTarget.VERSION],
]);

function sorting(options: Options): { sortOrder: number; sortTarget: number } {
  const order = orders.get(options.string("order").toUpperCase());
  if (order === undefined) throw new CommandError(Exit.badFeature, `bad sort order ${options.string("order")}`);
  const target = targets.get(options.string("sort-by").toUpperCase());
  if (target === undefined) throw new CommandError(Exit.badFeature, `bad sort target ${options.string("sort-by")}`);
  // Keys come in ascending order anyway.
  if (target === SortTarget.KEY && order === SortOrder.ASCEND) return { sortOrder: SortOrder.NONE, sortTarget: target };
  return { sortOrder: order, sortTarget: target };
}

/** The bounds of one pair of revision flags. */
function bounds(options: Options, what: "create" | "mod"): { min: number; max: number } {
  const min = Math.max(0, options.number(`min-${what}-rev`));
  const max = Math.max(0, options.number(`max-${what}-rev`));
  if (max > 0 && min > max) {
    const word = what === "create" ? "Create" : "Mod";
    throw new CommandError(Exit.badFeature, `getMin${word}Rev(=${min}) > getMax${word}Rev(=${max})`);
  }
  return { min, max };
}

export function getRequest(args: readonly string[], options: Options): Partial<RangeRequest> {
  if (args.length === 0) throw badArgs("get command needs one argument as key and an optional argument as range_end");
  if (options.bool("keys-only") && options.bool("count-only")) {
    throw badArgs("`--keys-only` and `--count-only` cannot be set at the same time, choose one");
  }
  const serializable = isSerializable(options.string("consistency"));
  const created = bounds(options, "create");
  const modified = bounds(options, "mod");
  return {
    ...range(args, options),
    ...sorting(options),
    serializable,
    limit: options.number("limit"),
    revision: Math.max(0, options.number("rev")),
    keysOnly: options.bool("keys-only"),
    countOnly: options.bool("count-only"),
    minCreateRevision: created.min,
    maxCreateRevision: created.max,
    minModRevision: modified.min,
    maxModRevision: modified.max,
  };
}

export function delRequest(args: readonly string[], options: Options): Partial<DeleteRangeRequest> {
  if (args.length === 0 || args.length > 2) {
    throw badArgs("del command needs one argument as key and an optional argument as range_end");
  }
  return { ...range(args, options), prevKv: options.bool("prev-kv") };
}

/** Parses a signed 64-bit number in hexadecimal. */
function leaseId(text: string): bigint {
  const fail = (why: string): CommandError =>
    badArgs(`bad lease ID (strconv.ParseInt: parsing ${goQuote(text)}: ${why}), expecting ID in Hex`);
  const match = /^([+-]?)([0-9a-fA-F]+)$/.exec(text);
  if (match === null) throw fail("invalid syntax");
  const value = BigInt(`0x${match[2]}`) * (match[1] === "-" ? -1n : 1n);
  if (value >= 2n ** 63n || value < -(2n ** 63n)) throw fail("value out of range");
  return value;
}

/**
 * @param readValue gives the value when none is among the arguments.
 */
export async function putRequest(
  args: readonly string[],
  options: Options,
  readValue: () => Promise<Uint8Array>,
): Promise<Partial<PutRequest>> {
  const needs = "put command needs 1 argument and input from stdin or 2 arguments";
  const key = args[0];
  if (key === undefined) throw badArgs(needs);
  const ignoreValue = options.bool("ignore-value");
  if (ignoreValue && args.length > 1) throw badArgs("put command needs only 1 argument when 'ignore-value' is set");
  let value: Uint8Array = new Uint8Array(0);
  if (!ignoreValue) {
    value = args[1] === undefined ? await readValue() : utf8(args[1]);
    if (args[1] === undefined && value.length === 0) throw badArgs(needs);
  }
  return {
    key: utf8(key),
    value,
    lease: toLeaseId(leaseId(options.string("lease"))),
    prevKv: options.bool("prev-kv"),
    ignoreValue,
    ignoreLease: options.bool("ignore-lease"),
  };
}
