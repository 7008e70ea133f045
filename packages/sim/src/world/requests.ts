import {
  type Compare as WireCompare,
  CompareResult,
  CompareTarget,
  encodeCompactionRequest,
  encodeDeleteRangeRequest,
  encodePutRequest,
  encodeTxnRequest,
  newCompare,
  newDeleteRangeRequest,
  newPutRequest,
  newRangeRequest,
  newTxnRequest,
  type RangeRequest as WireRange,
  type RangeResponse as WireRangeResponse,
  type RequestOp,
  type TxnRequest as WireTxn,
  type TxnResponse as WireTxnResponse,
} from "@quorate/api";
import { utf8Decode, utf8Encode } from "@quorate/base";
import { decodeKeyValue } from "@quorate/mvcc";
import { type Outcome, RequestKind } from "@quorate/state";
import type {
  Compare,
  DeleteRequest,
  HistoryRequest,
  HistoryResponse,
  PutRequest,
  RangeRequest,
  RangeResponse,
  SeenKeyValue,
  StepResponse,
  TxnRequest,
  TxnResponse,
  TxnStep,
} from "../history/index.ts";

const bytesOf = (text: string | undefined): Uint8Array => utf8Encode(text ?? "");

/** A range of a history as members take it. */
export const wireRange = (request: RangeRequest): WireRange => ({
  ...newRangeRequest(),
  key: bytesOf(request.key),
  rangeEnd: bytesOf(request.rangeEnd),
  revision: request.revision ?? 0,
  serializable: request.serializable ?? false,
});

const wirePut = (request: PutRequest): ReturnType<typeof newPutRequest> => ({
  ...newPutRequest(),
  key: bytesOf(request.key),
  value: bytesOf(request.value),
  prevKv: request.prevKv ?? false,
});

const wireDelete = (request: DeleteRequest): ReturnType<typeof newDeleteRangeRequest> => ({
  ...newDeleteRangeRequest(),
  key: bytesOf(request.key),
  rangeEnd: bytesOf(request.rangeEnd),
});

const results = {
  "=": CompareResult.EQUAL,
  "!=": CompareResult.NOT_EQUAL,
  ">": CompareResult.GREATER,
  "<": CompareResult.LESS,
} as const;

function wireCompare(compare: Compare): WireCompare {
  const base = { ...newCompare(), key: bytesOf(compare.key), result: results[compare.result] };
  switch (compare.target) {
    case "value":
      return { ...base, target: CompareTarget.VALUE, value: bytesOf(compare.value) };
    case "mod":
      return { ...base, target: CompareTarget.MOD, modRevision: compare.value };
    case "create":
      return { ...base, target: CompareTarget.CREATE, createRevision: compare.value };
    case "version":
      return { ...base, target: CompareTarget.VERSION, version: compare.value };
    case "lease":
      throw new Error("leases are not compared here");
  }
}

function wireStep(step: TxnStep): RequestOp {
  const none = { requestRange: undefined, requestPut: undefined, requestDeleteRange: undefined, requestTxn: undefined };
  switch (step.kind) {
    case "put":
      return { ...none, requestPut: wirePut(step) };
    case "range":
      return { ...none, requestRange: wireRange(step) };
    case "delete":
      return { ...none, requestDeleteRange: wireDelete(step) };
    case "txn":
      return { ...none, requestTxn: wireTxn(step) };
  }
}

/** A transaction of a history as members take it. */
export const wireTxn = (request: TxnRequest): WireTxn => ({
  ...newTxnRequest(),
  compare: request.compares.map(wireCompare),
  success: request.success.map(wireStep),
  failure: request.failure.map(wireStep),
});

/** The kind and body of the entry that a write becomes; undefined for what is only read. */
export function proposalOf(request: HistoryRequest): { readonly kind: number; readonly body: Uint8Array } | undefined {
  switch (request.kind) {
    case "put":
      return { kind: RequestKind.put, body: encodePutRequest(wirePut(request)) };
    case "delete":
      return { kind: RequestKind.deleteRange, body: encodeDeleteRangeRequest(wireDelete(request)) };
    case "txn":
      return { kind: RequestKind.txn, body: encodeTxnRequest(wireTxn(request)) };
    case "compact":
      return {
        kind: RequestKind.compaction,
        body: encodeCompactionRequest({ revision: request.revision, physical: false }),
      };
    case "range":
    case "revoke":
      return undefined;
  }
}

function seen(row: Uint8Array): SeenKeyValue {
  const { key, value, createRevision, modRevision, version } = decodeKeyValue(row);
  return { key: utf8Decode(key), value: utf8Decode(value), createRevision, modRevision, version };
}

/** The answer to a range, as a history has it. */
export const seenRange = (response: Partial<WireRangeResponse>): RangeResponse => ({
  kind: "range",
  kvs: (response.kvs ?? []).map(seen),
  count: response.count ?? 0,
  more: response.more ?? false,
});

function seenTxn(response: Partial<WireTxnResponse>): TxnResponse {
  const responses = (response.responses ?? []).map((one): StepResponse => {
    if (one.responseRange !== undefined) return seenRange(one.responseRange);
    if (one.responseDeleteRange !== undefined) return { kind: "delete", deleted: one.responseDeleteRange.deleted };
    if (one.responseTxn !== undefined) return seenTxn(one.responseTxn);
    return { kind: "put" };
  });
  return { kind: "txn", succeeded: response.succeeded ?? false, responses };
}

/** The answer to a request, as a history has it; undefined for a refusal. */
export function seenOutcome(request: HistoryRequest, outcome: Outcome): HistoryResponse | undefined {
  switch (outcome.kind) {
    case "put": {
      const wantsPrevious = request.kind === "put" && request.prevKv === true;
      const { prevKv } = outcome.response;
      if (!wantsPrevious) return { kind: "put" };
      return { kind: "put", prevKv: prevKv === undefined ? null : seen(prevKv) };
    }
    case "deleteRange":
      return { kind: "delete", deleted: outcome.response.deleted ?? 0 };
    case "txn":
      return seenTxn(outcome.response);
    case "range":
      return seenRange(outcome.response);
    case "compaction":
      return { kind: "compact" };
    default:
      return undefined;
  }
}
