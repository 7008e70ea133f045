/** The language of `txn`: comparisons and operations, one on a line. */
import { type Compare, CompareResult, CompareTarget, type RequestOp } from "@quorate/api";
import { toLeaseId } from "@quorate/base";
import { CommandError, Exit, type Io } from "../io.ts";
import { type Option, Options, parseOptions, UsageError } from "../pflag.ts";
import { goQuoteBytes, goUnquotePrefix } from "../print/go-text.ts";
import { warnOfRange } from "./kv.ts";
import { delOptions, delRequest, getOptions, getRequest, putOptions, putRequest } from "./kv-requests.ts";

function invalid(message: string): CommandError {
  return new CommandError(Exit.invalidInput, message);
}

const results: ReadonlyMap<string, number> = new Map([
  ["=", CompareResult.EQUAL],
  ["!=", CompareResult.NOT_EQUAL],
  [">", CompareResult.GREATER],
  ["<", CompareResult.LESS],
]);

/** What a comparison looks at, and where its number goes. */
const numbers: ReadonlyMap<string, readonly [target: number, field: "version" | "createRevision" | "modRevision"]> =
  new Map([
    ["ver", [CompareTarget.VERSION, "version"]],
    ["version", [CompareTarget.VERSION, "version"]],
    ["c", [CompareTarget.CREATE, "createRevision"]],
    ["create", [CompareTarget.CREATE, "createRevision"]],
    ["m", [CompareTarget.MOD, "modRevision"]],
    ["mod", [CompareTarget.MOD, "modRevision"]],
  ]);

interface Parts {
  readonly target: string;
  readonly key: Uint8Array;
  readonly operator: string;
  readonly value: Uint8Array;
}

const none: Uint8Array = new Uint8Array(0);

/** Takes `target("key") op "value"` apart. */
function split(line: string): Parts {
  const paren = line.indexOf("(");
  if (paren < 0) throw invalid(`malformed comparison: ${line}`);
  const target = line.slice(0, paren);
  const found = (key: Uint8Array, operator: string, value: Uint8Array): CommandError => {
    const got = `${target}(${goQuoteBytes(key)}) ${operator} ${goQuoteBytes(value)}`;
    return invalid(`malformed comparison: ${line}; got ${got}`);
  };
  const key = goUnquotePrefix(line.slice(paren + 1).trimStart());
  if (key === undefined) throw found(none, "", none);
  const operator = /^\)\s*(\S+)\s*/.exec(key.rest);
  if (operator === null) throw found(key.value, "", none);
  const value = goUnquotePrefix(key.rest.slice(operator[0].length));
  if (value === undefined) throw found(key.value, operator[1] as string, none);
  return { target, key: key.value, operator: operator[1] as string, value: value.value };
}

/** Reads one comparison. */
export function parseCompare(line: string): Partial<Compare> {
  const { target, key, operator, value } = split(line);
  const result = results.get(operator);
  if (result === undefined) throw invalid(`malformed comparison: ${line} (unknown operator ${operator})`);
  if (target === "val" || target === "value") return { key, result, target: CompareTarget.VALUE, value };
  const text = new TextDecoder().decode(value);
  if (target === "lease") {
    if (!/^[0-9a-fA-F]{1,16}$/.test(text)) throw invalid(`invalid txn compare request: ${line}`);
    return { key, result, target: CompareTarget.LEASE, lease: toLeaseId(BigInt(`0x${text}`)) };
  }
  const number = numbers.get(target);
  if (number === undefined) throw invalid(`malformed comparison: ${line} (unknown target ${target})`);
  const counter = Number(text);
  if (!/^[+-]?\d+$/.test(text) || !Number.isSafeInteger(counter)) {
    throw invalid(`invalid txn compare request: ${line}`);
  }
  return { key, result, target: number[0], [number[1]]: counter };
}

/** Splits a line into words; a word that starts with a quote ends with it. */
export function splitWords(line: string): string[] {
  return (line.match(/"(?:[^"\\]|\\.)*"|'[^']*'|[^'"\s]\S*[^'"\s]?/g) ?? []).map((word) => {
    if (word.startsWith("'")) return word.slice(1, -1);
    if (!word.startsWith('"')) return word;
    const value = goUnquotePrefix(word);
    if (value === undefined) throw invalid("invalid syntax");
    return new TextDecoder().decode(value.value);
  });
}

const operations: Readonly<Record<string, readonly Option[]>> = { put: putOptions, get: getOptions, del: delOptions };

/** Reads one operation, in the words of the commands `put`, `get` and `del`. */
export async function parseOperation(line: string, io: Pick<Io, "err" | "sleep">): Promise<Partial<RequestOp>> {
  const words = splitWords(line);
  if (words.length < 2) throw invalid(`invalid txn compare request: ${line}`);
  const name = words[0] as string;
  const known = Object.hasOwn(operations, name) ? operations[name] : undefined;
  if (known === undefined) throw invalid(`invalid txn request: ${line}`);
  const options = new Options(known);
  let args: string[];
  try {
    args = parseOptions(words.slice(1), options);
  } catch (error) {
    if (error instanceof UsageError) throw invalid(`invalid txn request: ${line}`);
    throw error;
  }
  if (name === "get") return { requestRange: full(getRequest(args, options)) };
  if (name === "put") return { requestPut: full(await putRequest(args, options, async () => none)) };
  const request = delRequest(args, options);
  await warnOfRange(args, options, io);
  return { requestDeleteRange: full(request) };
}

/** Nested messages are written field by field, absent ones at their defaults. */
function full<T>(message: Partial<T>): T {
  return message as T;
}
