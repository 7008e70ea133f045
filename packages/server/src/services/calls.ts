import { KvError, ProtoError, Status } from "@quorate/api";
import { AbortError, type Clock, InvariantError, isUtf8, type Logger, noMember } from "@quorate/base";
import type { FailDetails, GrpcServer, ServerCall } from "@quorate/grpc";
import type { Member } from "@quorate/member";
import type { RequestMetrics } from "../metrics/requests.ts";
import { encodeStatusDetails } from "./status-details.ts";

/** What calls need to know before they are judged. */
export interface CallContext {
  readonly member: Member;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly metrics: RequestMetrics;
  /** An error that is nobody's fault but ours: the member must stop. */
  onFatal(error: unknown): void;
}

/** Methods that a learner answers; all others it refuses. */
const learnerMethods: ReadonlySet<string> = new Set([
  "/etcdserverpb.Maintenance/Status",
  "/etcdserverpb.Maintenance/Snapshot",
]);

/** Judges a call by what is known without reading its request. Returns the refusal. */
export function frontRefusal(context: CallContext, call: ServerCall, isSerializableRange = false): KvError | undefined {
  const { member } = context;
  if (member.isLearner && !learnerMethods.has(call.path) && !isSerializableRange) {
    return new KvError("notSupportedForLearner");
  }
  const version = call.metadata.get("client-api-version");
  if (version !== undefined && !isUtf8Text(version)) return new KvError("invalidClientApiVersion");
  context.metrics.onUnary(version);
  if (member.lead === noMember && call.metadata.get("hasleader") === "true") return new KvError("noLeader");
  return undefined;
}

/** Tells whether a metadata value, a character per byte, is UTF-8. */
function isUtf8Text(value: string): boolean {
  // Nearly all are plain ASCII, which is.
  return !/[\x80-\xff]/.test(value) || isUtf8(Buffer.from(value, "latin1"));
}

/** Answers a call with an error. What is no expected error is our bug or a malformed request. */
export function failCall(context: CallContext, call: ServerCall, error: unknown): void {
  if (error instanceof KvError) {
    call.fail(error.status, error.message, explain(error));
    return;
  }
  if (error instanceof ProtoError || error instanceof RangeError) {
    call.fail(Status.internal, `grpc: error unmarshalling request: ${error.message}`);
    return;
  }
  if (error instanceof AbortError) {
    call.fail(Status.canceled, "context canceled");
    return;
  }
  context.logger.log("error", "a call failed unexpectedly", { method: call.path, error: String(error) });
  call.fail(Status.unknown, error instanceof Error ? error.message : String(error));
  if (error instanceof InvariantError) context.onFatal(error);
}

function explain(error: KvError): FailDetails | undefined {
  if (error.explanation === undefined) return undefined;
  return { statusDetails: encodeStatusDetails(error.status, error.message, error.explanation) };
}

/**
 * Registers a method whose answer takes a promise; for calls that are rare.
 *
 * @param run gets a signal that fires when the caller is gone or its deadline has passed.
 */
export function unaryAsync<Request>(
  server: GrpcServer,
  context: CallContext,
  path: string,
  decode: (bytes: Uint8Array) => Request,
  run: (request: Request, signal: AbortSignal, call: ServerCall) => Promise<Uint8Array>,
): void {
  server.unary(path, (call) => {
    try {
      const refusal = frontRefusal(context, call);
      if (refusal !== undefined) throw refusal;
      const request = decode(call.message);
      const controller = new AbortController();
      call.onCancel(() => controller.abort());
      run(request, controller.signal, call)
        .then((response) => call.respond(response))
        .catch((error: unknown) => failCall(context, call, error));
    } catch (error) {
      failCall(context, call, error);
    }
  });
}
