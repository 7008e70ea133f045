import {
  type Compare as WireCompare,
  type DeleteRangeResponse,
  decodeCompactionResponse,
  decodeDeleteRangeResponse,
  decodeKeyValue,
  decodePutResponse,
  decodeRangeResponse,
  decodeTxnResponse,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
  newCompare,
  newDeleteRangeRequest,
  newPutRequest,
  newRangeRequest,
  newRequestOp,
  type PutResponse,
  type RangeResponse,
  type RequestOp,
  type ResponseHeader,
  type ResponseOp,
  type TxnResponse,
} from "@quorate/api";
import type {
  Compare,
  HistoryRequest,
  HistoryResponse,
  OkResult,
  SeenKeyValue,
  StepResponse,
  TxnStep,
} from "@quorate/sim";
import { bytes, type KvClient, text } from "../../e2e/support/kv-client.ts";

const results = { "=": 0, ">": 1, "<": 2, "!=": 3 } as const;
const targets = { version: 0, create: 1, mod: 2, value: 3, lease: 4 } as const;

function toCompare(compare: Compare): WireCompare {
  const wire = newCompare();
  wire.key = bytes(compare.key);
  wire.rangeEnd = bytes(compare.rangeEnd ?? "");
  wire.result = results[compare.result];
  wire.target = targets[compare.target];
  if (compare.target === "value") wire.value = bytes(compare.value);
  else if (compare.target === "version") wire.version = compare.value;
  else if (compare.target === "create") wire.createRevision = compare.value;
  else if (compare.target === "mod") wire.modRevision = compare.value;
  else throw new Error("this program compares no leases");
  return wire;
}

function toStep(step: TxnStep): RequestOp {
  const op = newRequestOp();
  if (step.kind === "txn") throw new Error("this program nests no transactions");
  const named = { key: bytes(step.key) };
  const rangeEnd = step.kind === "put" ? bytes("") : bytes(step.rangeEnd ?? "");
  if (step.kind === "put") {
    op.requestPut = { ...newPutRequest(), ...named, value: bytes(step.value), prevKv: step.prevKv === true };
  } else if (step.kind === "range") {
    const { revision = 0, limit = 0, serializable = false } = step;
    op.requestRange = { ...newRangeRequest(), ...named, rangeEnd, revision, limit, serializable };
  } else {
    op.requestDeleteRange = { ...newDeleteRangeRequest(), ...named, rangeEnd, prevKv: step.prevKv === true };
  }
  return op;
}

function toSeen(raw: Uint8Array): SeenKeyValue {
  const { key, value, createRevision, modRevision, version, lease } = decodeKeyValue(raw);
  return { key: text(key), value: text(value), createRevision, modRevision, version, lease: String(lease) };
}

function fromPut({ prevKv }: PutResponse, asked: boolean): StepResponse {
  return asked ? { kind: "put", prevKv: prevKv === undefined ? null : toSeen(prevKv) } : { kind: "put" };
}

function fromRange({ kvs, count, more }: RangeResponse): StepResponse {
  return { kind: "range", kvs: kvs.map(toSeen), count, more };
}

function fromDelete({ deleted, prevKvs }: DeleteRangeResponse, asked: boolean): StepResponse {
  return asked ? { kind: "delete", deleted, prevKvs: prevKvs.map(toSeen) } : { kind: "delete", deleted };
}

function fromStep(step: TxnStep, op: ResponseOp): StepResponse {
  if (step.kind === "put" && op.responsePut !== undefined) return fromPut(op.responsePut, step.prevKv === true);
  if (step.kind === "range" && op.responseRange !== undefined) return fromRange(op.responseRange);
  if (step.kind === "delete" && op.responseDeleteRange !== undefined) {
    return fromDelete(op.responseDeleteRange, step.prevKv === true);
  }
  throw new Error(`a ${step.kind} in a transaction was answered with something else`);
}

function fromTxn(steps: readonly TxnStep[], { succeeded, responses }: TxnResponse): HistoryResponse {
  return { kind: "txn", succeeded, responses: responses.map((op, i) => fromStep(steps[i] as TxnStep, op)) };
}

function ok(header: ResponseHeader | undefined, response: HistoryResponse): OkResult {
  if (header === undefined) throw new Error("an answer without a header");
  return { status: "ok", revision: header.revision, response };
}

/** Sends a request and gives the answer; rejects with gRPC's error. */
export async function send(client: KvClient, request: HistoryRequest, timeoutMs: number): Promise<OkResult> {
  const call = <T>(method: string, raw: Uint8Array, decode: (raw: Buffer) => T): Promise<T> =>
    client.call(`/etcdserverpb.KV/${method}`, raw, decode, timeoutMs);
  switch (request.kind) {
    case "put": {
      const op = toStep(request).requestPut;
      const answer = await call("Put", encodePutRequest(op ?? {}), decodePutResponse);
      return ok(answer.header, fromPut(answer, request.prevKv === true));
    }
    case "range": {
      const op = toStep(request).requestRange;
      const answer = await call("Range", encodeRangeRequest(op ?? {}), decodeRangeResponse);
      return ok(answer.header, fromRange(answer));
    }
    case "delete": {
      const op = toStep(request).requestDeleteRange;
      const answer = await call("DeleteRange", encodeDeleteRangeRequest(op ?? {}), decodeDeleteRangeResponse);
      return ok(answer.header, fromDelete(answer, request.prevKv === true));
    }
    case "txn": {
      const { compares, success, failure } = request;
      const encoded = encodeTxnRequest({
        compare: compares.map(toCompare),
        success: success.map(toStep),
        failure: failure.map(toStep),
      });
      const answer = await call("Txn", encoded, decodeTxnResponse);
      return ok(answer.header, fromTxn(answer.succeeded ? success : failure, answer));
    }
    case "compact": {
      const raw = encodeCompactionRequest({ revision: request.revision });
      const answer = await call("Compact", raw, decodeCompactionResponse);
      return ok(answer.header, { kind: "compact" });
    }
    case "revoke":
      throw new Error("this program has no leases");
  }
}
