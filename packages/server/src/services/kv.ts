import {
  type AlarmRequest,
  AlarmAction,
  AlarmType,
  decodeCompactionRequest,
  decodeDeleteRangeRequest,
  decodePutRequest,
  decodeRangeRequest,
  decodeTxnRequest,
  encodeAlarmRequest,
  encodeCompactionResponse,
  encodeDeleteRangeResponse,
  encodePutResponse,
  encodeRangeResponse,
  encodeTxnResponse,
  KvError,
  KVMethods,
  type RangeRequest,
  type TxnRequest,
} from "@quorate/api";
import type { GrpcServer, ServerCall } from "@quorate/grpc";
import type { ReadWaiter, Waiter } from "@quorate/member";
import {
  checkDeleteRange,
  checkPut,
  checkRange,
  checkTxn,
  isReadOnlyTxn,
  isSerializableTxn,
  namesRevision,
  type Outcome,
  putCost,
  RequestKind,
  txnCost,
} from "@quorate/state";
import { type CallContext, failCall, frontRefusal } from "./calls.ts";
import type { Headers } from "./header.ts";
import { sliceRange } from "./range-slices.ts";

/** A proposed write that answers its call when it was applied. */
class WriteCall implements Waiter<Outcome> {
  readonly #service: KvService;
  readonly #call: ServerCall;

  constructor(service: KvService, call: ServerCall) {
    this.#service = service;
    this.#call = call;
  }

  settle(outcome: Outcome): void {
    this.#service.settle(this.#call, outcome);
  }

  fail(error: Error): void {
    this.#service.fail(this.#call, error);
  }
}

/** A read that waits for its read index. */
class ReadCall implements ReadWaiter {
  readonly #service: KvService;
  readonly #call: ServerCall;
  readonly #range: RangeRequest | undefined;
  readonly #txn: TxnRequest | undefined;

  constructor(service: KvService, call: ServerCall, range: RangeRequest | undefined, txn: TxnRequest | undefined) {
    this.#service = service;
    this.#call = call;
    this.#range = range;
    this.#txn = txn;
  }

  ready(): void {
    if (this.#range !== undefined) this.#service.read(this.#call, this.#range);
    else if (this.#txn !== undefined) this.#service.readTxn(this.#call, this.#txn);
  }

  fail(error: KvError): void {
    this.#service.fail(this.#call, error);
  }
}

/** `etcdserverpb.KV`. One small object per call, no promise and no timer. */
export class KvService {
  readonly #context: CallContext;
  readonly #headers: Headers;
  #alarmRaised = false;

  constructor(context: CallContext, headers: Headers) {
    this.#context = context;
    this.#headers = headers;
  }

  register(server: GrpcServer): void {
    server.unary(KVMethods.range, (call) => this.#guard(call, () => this.#range(call)));
    server.unary(KVMethods.put, (call) => this.#guard(call, () => this.#put(call)));
    server.unary(KVMethods.deleteRange, (call) => this.#guard(call, () => this.#deleteRange(call)));
    server.unary(KVMethods.txn, (call) => this.#guard(call, () => this.#txn(call)));
    server.unary(KVMethods.compact, (call) => this.#guard(call, () => this.#compact(call)));
  }

  #guard(call: ServerCall, action: () => void): void {
    try {
      action();
    } catch (error) {
      failCall(this.#context, call, error);
    }
  }

  /** Answers a write. Called while entries are applied: an answer that cannot be made is no reason not to go on. */
  settle(call: ServerCall, outcome: Outcome): void {
    this.#guard(call, () => this.answer(call, outcome));
  }

  fail(call: ServerCall, error: Error): void {
    failCall(this.#context, call, error);
  }

  #refuseFront(call: ServerCall, isSerializableRange = false): void {
    const refusal = frontRefusal(this.#context, call, isSerializableRange);
    if (refusal !== undefined) throw refusal;
  }

  #propose(call: ServerCall, kind: number): void {
    this.#context.member.propose(kind, call.message, new WriteCall(this, call));
  }

  #range(call: ServerCall): void {
    const request = decodeRangeRequest(call.message);
    this.#refuseFront(call, request.serializable);
    const code = checkRange(request);
    if (code !== undefined) throw new KvError(code);
    if (request.serializable) this.read(call, request);
    else this.#context.member.linearizable(new ReadCall(this, call, request, undefined));
  }

  /** Reads now and answers; a large answer is made in slices. */
  read(call: ServerCall, request: RangeRequest): void {
    this.#guard(call, () => {
      const { member, metrics } = this.#context;
      const startedMs = performance.now();
      if (request.rangeEnd.length > 0 && this.#readInSlices(call, request, startedMs)) return;
      const outcome = member.machine.kv.range(request);
      metrics.onRange(performance.now() - startedMs, outcome.kind !== "refused");
      this.answer(call, outcome);
    });
  }

  #readInSlices(call: ServerCall, request: RangeRequest, startedMs: number): boolean {
    const { member, metrics, clock } = this.#context;
    return sliceRange(call, request, member.machine, this.#headers, clock, {
      done: () => metrics.onRange(performance.now() - startedMs, true),
      fail: (error) => {
        metrics.onRange(performance.now() - startedMs, false);
        this.fail(call, error);
      },
    });
  }

  readTxn(call: ServerCall, request: TxnRequest): void {
    this.#guard(call, () => this.answer(call, this.#context.member.machine.kv.readOnlyTxn(request)));
  }

  #put(call: ServerCall): void {
    this.#refuseFront(call);
    const request = decodePutRequest(call.message);
    this.#checkQuota(putCost(request));
    const code = checkPut(request);
    if (code !== undefined) throw new KvError(code);
    this.#propose(call, RequestKind.put);
  }

  #deleteRange(call: ServerCall): void {
    this.#refuseFront(call);
    const code = checkDeleteRange(decodeDeleteRangeRequest(call.message));
    if (code !== undefined) throw new KvError(code);
    this.#propose(call, RequestKind.deleteRange);
  }

  #txn(call: ServerCall): void {
    this.#refuseFront(call);
    const request = decodeTxnRequest(call.message);
    const cost = txnCost(request);
    if (cost > 0) this.#checkQuota(cost);
    const code = checkTxn(request, this.#context.member.options.txnOpsMax);
    if (code !== undefined) throw new KvError(code);
    if (!isReadOnlyTxn(request)) this.#writeTxn(call, request);
    else if (isSerializableTxn(request)) this.readTxn(call, request);
    else this.#context.member.linearizable(new ReadCall(this, call, undefined, request));
  }

  /** Proposes; where a range names a revision, only once it is known here that it can be read. */
  #writeTxn(call: ServerCall, request: TxnRequest): void {
    if (!namesRevision(request)) {
      this.#propose(call, RequestKind.txn);
      return;
    }
    this.#context.member.linearizable({
      ready: () => {
        this.#guard(call, () => {
          const code = this.#context.member.machine.kv.unreadableRange(request);
          if (code !== undefined) throw new KvError(code);
          this.#propose(call, RequestKind.txn);
        });
      },
      fail: (error) => this.fail(call, error),
    });
  }

  #compact(call: ServerCall): void {
    this.#refuseFront(call);
    const request = decodeCompactionRequest(call.message);
    if (!request.physical) {
      this.#propose(call, RequestKind.compaction);
      return;
    }
    const { member } = this.#context;
    member.propose(RequestKind.compaction, call.message, {
      settle: (outcome) => {
        member.storage.whenCompacted().then(
          () => this.answer(call, outcome),
          (error: unknown) => this.fail(call, error instanceof Error ? error : new Error(String(error))),
        );
      },
      fail: (error) => this.fail(call, error),
    });
  }

  /** A write that would pass the quota is refused, and the cluster is told that this member is full. */
  #checkQuota(cost: number): void {
    const { member } = this.#context;
    if (member.machine.alarms.corrupt || member.machine.alarms.noSpace) return; // Judged at apply.
    if (!member.machine.overQuota(cost)) return;
    this.raiseNoSpace();
    throw new KvError("noSpace");
  }

  /** Raises the NOSPACE alarm for this member, once until it is known to be active or has failed. */
  raiseNoSpace(): void {
    const { member } = this.#context;
    if (this.#alarmRaised || member.machine.alarms.noSpace) return;
    this.#alarmRaised = true;
    const request: AlarmRequest = { action: AlarmAction.ACTIVATE, memberId: member.id, alarm: AlarmType.NOSPACE };
    const done = (): void => {
      this.#alarmRaised = false;
    };
    member.propose(RequestKind.alarm, encodeAlarmRequest(request), { settle: done, fail: done });
  }

  answer(call: ServerCall, outcome: Outcome): void {
    const header = this.#headers.at(outcome.revision);
    switch (outcome.kind) {
      case "put":
        call.respond(encodePutResponse({ header, prevKv: outcome.response.prevKv }));
        return;
      case "range":
        call.respond(encodeRangeResponse({ ...outcome.response, header }));
        return;
      case "deleteRange":
        call.respond(encodeDeleteRangeResponse({ ...outcome.response, header }));
        return;
      case "txn":
        call.respond(encodeTxnResponse({ ...outcome.response, header }));
        return;
      case "compaction":
        call.respond(encodeCompactionResponse({ header }));
        return;
      case "refused":
        this.fail(call, new KvError(outcome.code));
        return;
      default:
        this.fail(call, new Error(`a KV call came to an outcome of kind ${outcome.kind}`));
    }
  }
}
