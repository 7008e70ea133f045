import { FieldError, Fields } from "./json-fields.ts";
import type {
  Compare,
  DeleteRequest,
  HistoryRequest,
  HistoryResponse,
  PutRequest,
  RangeRequest,
  SeenKeyValue,
  StepResponse,
  TxnStep,
} from "./operation.ts";

const requestKinds = ["put", "range", "delete", "txn", "compact", "revoke"] as const;

function keyOf(fields: Fields): string {
  const key = fields.text("key");
  if (key === "") throw new FieldError(`${fields.pathOf("key")} is empty`);
  return key;
}

function rangeOf(fields: Fields): { readonly key: string; readonly rangeEnd?: string } {
  const key = keyOf(fields);
  return fields.has("rangeEnd") ? { key, rangeEnd: fields.text("rangeEnd") } : { key };
}

/** The flags among `names` that are recorded. */
function flagsOf<N extends string>(fields: Fields, names: readonly N[]): { readonly [name in N]?: boolean } {
  const flags: { [name in N]?: boolean } = {};
  for (const name of names) if (fields.has(name)) flags[name] = fields.flag(name);
  return flags;
}

function readPut(fields: Fields): PutRequest {
  const flags = flagsOf(fields, ["prevKv", "ignoreValue", "ignoreLease"]);
  const value = flags.ignoreValue === true && !fields.has("value") ? "" : fields.text("value");
  const lease = fields.has("lease") ? { lease: fields.identity("lease") } : {};
  return { kind: "put", key: keyOf(fields), value, ...lease, ...flags };
}

function readRange(fields: Fields, inTxn: boolean): RangeRequest {
  const revision = fields.has("revision") ? fields.integer("revision", 0) : 0;
  if (inTxn && revision > 0) {
    throw new FieldError(
      `${fields.pathOf("revision")}: a range inside of a transaction can only be of the newest state`,
    );
  }
  const limit = fields.has("limit") ? { limit: fields.integer("limit", 0) } : {};
  const flags = flagsOf(fields, ["countOnly", "keysOnly", "serializable"]);
  return { kind: "range", ...rangeOf(fields), ...(revision > 0 ? { revision } : {}), ...limit, ...flags };
}

function readDelete(fields: Fields): DeleteRequest {
  return { kind: "delete", ...rangeOf(fields), ...flagsOf(fields, ["prevKv"]) };
}

function readCompare(value: unknown, where: string): Compare {
  const fields = new Fields(value, where);
  const range = rangeOf(fields);
  const target = fields.oneOf("target", ["version", "create", "mod", "value", "lease"]);
  const result = fields.oneOf("result", ["=", "!=", ">", "<"]);
  const compare: Compare =
    target === "value"
      ? { ...range, target, result, value: fields.text("value") }
      : target === "lease"
        ? { ...range, target, result, value: fields.identity("value") }
        : { ...range, target, result, value: fields.integer("value", Number.MIN_SAFE_INTEGER) };
  fields.end();
  return compare;
}

function readSteps(fields: Fields, name: string): TxnStep[] {
  if (!fields.has(name)) return [];
  return fields.list(name).map((step, i) => {
    const where = `${fields.pathOf(name)}[${i}]`;
    const request = readRequest(step, where, true);
    if (request.kind !== "compact" && request.kind !== "revoke") return request;
    throw new FieldError(`${where}: a transaction cannot hold a ${request.kind}`);
  });
}

/** Reads a request from JSON. */
export function readRequest(value: unknown, where: string, inTxn = false): HistoryRequest {
  const fields = new Fields(value, where);
  const kind = fields.oneOf("kind", requestKinds);
  const request = readKind(kind, fields, inTxn);
  fields.end();
  return request;
}

function readKind(kind: HistoryRequest["kind"], fields: Fields, inTxn: boolean): HistoryRequest {
  switch (kind) {
    case "put":
      return readPut(fields);
    case "range":
      return readRange(fields, inTxn);
    case "delete":
      return readDelete(fields);
    case "compact":
      return { kind, revision: fields.integer("revision", 0) };
    case "revoke":
      return { kind, lease: fields.identity("lease") };
    case "txn": {
      const compares = fields.has("compares") ? fields.list("compares") : [];
      return {
        kind,
        compares: compares.map((one, i) => readCompare(one, `${fields.pathOf("compares")}[${i}]`)),
        success: readSteps(fields, "success"),
        failure: readSteps(fields, "failure"),
      };
    }
  }
}

/** Reads a key-value of which only the key must be there. */
function readSeen(value: unknown, where: string): SeenKeyValue {
  const fields = new Fields(value, where);
  const seen: SeenKeyValue = {
    key: keyOf(fields),
    ...(fields.has("value") ? { value: fields.text("value") } : {}),
    ...(fields.has("createRevision") ? { createRevision: fields.integer("createRevision", 0) } : {}),
    ...(fields.has("modRevision") ? { modRevision: fields.integer("modRevision", 0) } : {}),
    ...(fields.has("version") ? { version: fields.integer("version", 0) } : {}),
    ...(fields.has("lease") ? { lease: fields.identity("lease") } : {}),
  };
  fields.end();
  return seen;
}

function readAllSeen(fields: Fields, name: string): SeenKeyValue[] {
  return fields.list(name).map((one, i) => readSeen(one, `${fields.pathOf(name)}[${i}]`));
}

/** Reads the answer to a request of this kind from JSON. */
export function readResponse(value: unknown, where: string, expected: HistoryRequest["kind"]): HistoryResponse {
  const fields = new Fields(value, where);
  const kind = fields.oneOf("kind", ["put", "range", "delete", "txn", "compact"]);
  if (kind !== expected) throw new FieldError(`${fields.pathOf("kind")} is ${kind}, but the request is a ${expected}`);
  const response = readAnswer(kind, fields);
  fields.end();
  return response;
}

function readAnswer(kind: HistoryResponse["kind"], fields: Fields): HistoryResponse {
  switch (kind) {
    case "compact":
      return { kind };
    case "put": {
      if (!fields.has("prevKv")) return { kind };
      const previous = fields.take("prevKv");
      return { kind, prevKv: previous === null ? null : readSeen(previous, fields.pathOf("prevKv")) };
    }
    case "range": {
      const count = fields.has("count") ? { count: fields.integer("count", 0) } : {};
      return { kind, kvs: readAllSeen(fields, "kvs"), ...count, ...flagsOf(fields, ["more"]) };
    }
    case "delete": {
      const deleted = fields.integer("deleted", 0);
      return fields.has("prevKvs") ? { kind, deleted, prevKvs: readAllSeen(fields, "prevKvs") } : { kind, deleted };
    }
    case "txn": {
      const succeeded = fields.flag("succeeded");
      const responses = fields.list("responses").map((one, i): StepResponse => {
        const where = `${fields.pathOf("responses")}[${i}]`;
        const inner = new Fields(one, where).oneOf("kind", ["put", "range", "delete", "txn"]);
        return readResponse(one, where, inner) as StepResponse;
      });
      return { kind, succeeded, responses };
    }
  }
}
