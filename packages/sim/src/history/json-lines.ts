import { FieldError, Fields, HistoryFormatError } from "./json-fields.ts";
import { readRequest, readResponse } from "./json-requests.ts";
import type { History, HistoryRequest, HistoryStart, Operation, OperationResult, StoredKeyValue } from "./operation.ts";

/** A history and the line that each of its operations came from, counted from 1. */
export interface RecordedHistory {
  readonly history: History;
  readonly lines: readonly number[];
}

/** An operation whose times may be too large for a number, such as nanoseconds since 1970. */
interface Timed {
  readonly operation: Operation;
  readonly invoke: bigint;
  readonly return: bigint;
}

function readTime(fields: Fields, name: string): bigint {
  const value = fields.take(name);
  if (typeof value === "string" && /^\d{1,19}$/.test(value)) return BigInt(value);
  if (typeof value === "number" && Number.isSafeInteger(value)) return BigInt(value);
  const advice = "an integer up to 2^53 - 1, or a string of decimal digits";
  throw new FieldError(`${name} is not ${advice}: ${JSON.stringify(value)}`);
}

function readResult(value: unknown, request: HistoryRequest): OperationResult {
  const fields = new Fields(value, "result");
  const status = fields.oneOf("status", ["ok", "failed", "unknown"]);
  let result: OperationResult;
  if (status === "ok") {
    if (request.kind === "revoke") throw new FieldError("result.status of a revoke must be unknown");
    const revision = fields.integer("revision", 1);
    result = { status, revision, response: readResponse(fields.take("response"), "result.response", request.kind) };
  } else {
    result = fields.has("error") ? { status, error: fields.text("error") } : { status };
  }
  fields.end();
  return result;
}

function readOperation(fields: Fields): Timed {
  const client = fields.take("client");
  if (typeof client !== "string" && typeof client !== "number") throw new FieldError("client is no string or number");
  const invoke = readTime(fields, "invoke");
  const request = readRequest(fields.take("request"), "request");
  const result = readResult(fields.take("result"), request);
  const end = result.status === "unknown" && !fields.has("return") ? invoke : readTime(fields, "return");
  if (result.status !== "unknown" && end < invoke) throw new FieldError("return is before invoke");
  return { operation: { client, invoke: 0, return: 0, request, result }, invoke, return: end < invoke ? invoke : end };
}

function readStored(value: unknown, where: string): StoredKeyValue {
  const fields = new Fields(value, where);
  const kv: StoredKeyValue = {
    key: fields.text("key"),
    value: fields.text("value"),
    createRevision: fields.integer("createRevision", 1),
    modRevision: fields.integer("modRevision", 1),
    version: fields.integer("version", 1),
    lease: fields.has("lease") ? fields.identity("lease") : "0",
  };
  fields.end();
  return kv;
}

function readStart(value: unknown): HistoryStart {
  const fields = new Fields(value, "start");
  const revision = fields.integer("revision", 1);
  const compactRevision = fields.has("compactRevision") ? fields.integer("compactRevision", -1) : -1;
  const kvs = fields.has("kvs") ? fields.list("kvs").map((kv, i) => readStored(kv, `start.kvs[${i}]`)) : [];
  fields.end();
  if (compactRevision > revision) throw new FieldError("start.compactRevision is past start.revision");
  if (kvs.some((kv) => kv.modRevision > revision)) throw new FieldError("start.kvs holds a key past start.revision");
  return { revision, compactRevision, kvs };
}

/** Counts times from the earliest one, so that numbers hold them exactly. */
function withTimes(timed: readonly Timed[]): Operation[] {
  let from = timed[0]?.invoke ?? 0n;
  for (const { invoke } of timed) if (invoke < from) from = invoke;
  return timed.map(({ operation, invoke, return: end }) => {
    const span = end - from;
    if (span > BigInt(Number.MAX_SAFE_INTEGER)) throw new HistoryFormatError(0, "the history lasts too long");
    return { ...operation, invoke: Number(invoke - from), return: Number(span) };
  });
}

/**
 * Reads a history from JSON lines, the format of docs/history-format.md. Times are counted from the earliest one.
 *
 * @throws HistoryFormatError for the first line that is not what the format allows.
 */
export function parseHistory(lines: Iterable<string>): RecordedHistory {
  const timed: Timed[] = [];
  const numbers: number[] = [];
  let start: HistoryStart | undefined;
  let number = 0;
  for (const line of lines) {
    number += 1;
    if (line.trim() === "") continue;
    try {
      const fields = new Fields(JSON.parse(line), "");
      if (fields.has("start")) {
        if (numbers.length > 0 || start !== undefined) throw new FieldError("start may stand only in the first line");
        start = readStart(fields.take("start"));
        continue;
      }
      const operation = readOperation(fields);
      checkPast(operation.operation, start);
      timed.push(operation);
      numbers.push(number);
    } catch (error) {
      if (error instanceof FieldError) throw new HistoryFormatError(number, error.message);
      if (error instanceof SyntaxError) throw new HistoryFormatError(number, `not JSON: ${error.message}`);
      throw error;
    }
  }
  const operations = withTimes(timed);
  return { history: start === undefined ? { operations } : { start, operations }, lines: numbers };
}

/** States from before the history are not known, so reads of them cannot be judged. */
function checkPast({ request, result }: Operation, start: HistoryStart | undefined): void {
  if (start === undefined || request.kind !== "range" || result.status !== "ok") return;
  const revision = request.revision ?? 0;
  if (revision > 0 && revision < start.revision) {
    throw new FieldError(`request.revision ${revision} is from before the history, which starts at ${start.revision}`);
  }
}

/** Writes a history as JSON lines, each with its end of line. */
export function* formatHistory(history: History): Generator<string> {
  if (history.start !== undefined) yield `${JSON.stringify({ start: history.start })}\n`;
  for (const operation of history.operations) yield `${JSON.stringify(operation)}\n`;
}
