import {
  decodeHealthCheckRequest,
  encodeHealthCheckResponse,
  encodeHealthListResponse,
  HealthMethods,
  Status,
} from "@quorate/api";
import type { GrpcServer } from "@quorate/grpc";
import { type CallContext, failCall, frontRefusal, unaryAsync } from "./calls.ts";

const serving = 1;
const serviceUnknown = 3;

/** `grpc.health.v1.Health`: the server as a whole is serving from the start, with or without a leader. */
export function registerHealth(server: GrpcServer, context: CallContext): void {
  server.unary(HealthMethods.check, (call) => {
    try {
      const refusal = frontRefusal(context, call);
      if (refusal !== undefined) throw refusal;
      const { service } = decodeHealthCheckRequest(call.message);
      if (service === "") call.respond(encodeHealthCheckResponse({ status: serving }));
      else call.fail(Status.notFound, "unknown service");
    } catch (error) {
      failCall(context, call, error);
    }
  });
  server.stream(HealthMethods.watch, (stream) => {
    stream.onMessage((message) => {
      const { service } = decodeHealthCheckRequest(message);
      stream.write(encodeHealthCheckResponse({ status: service === "" ? serving : serviceUnknown }));
    });
    stream.onCancel(() => stream.end());
  });
  unaryAsync(
    server,
    context,
    HealthMethods.list,
    () => undefined,
    async () => {
      await Promise.resolve();
      return encodeHealthListResponse({ statuses: new Map([["", { status: serving }]]) });
    },
  );
}
