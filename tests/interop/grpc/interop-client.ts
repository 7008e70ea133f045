/** The cases of gRPC's interoperability test descriptions that need no cloud, made by our client. */
import { isDeepStrictEqual } from "node:util";
import { type CallStatus, type ClientCall, GrpcClient, GrpcCode, GrpcStatusError, Metadata } from "@quorate/grpc";
import {
  decodeAggregatedSize,
  decodePayloadResponse,
  encodeSimpleRequest,
  encodeStreamingInputRequest,
  encodeStreamingOutputRequest,
} from "./test-messages.ts";

const service = "/grpc.testing.TestService/";
const requestSizes = [27_182, 8, 1828, 45_904];
const responseSizes = [31_415, 9, 2653, 58_979];

function expectEqual(actual: unknown, expected: unknown, what: string): void {
  if (!isDeepStrictEqual(actual, expected)) {
    throw new Error(`${what}: got ${JSON.stringify(actual)}, want ${JSON.stringify(expected)}`);
  }
}

async function failureOf(promise: Promise<unknown>): Promise<GrpcStatusError> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof GrpcStatusError) return error;
    throw error;
  }
  throw new Error("the call did not fail");
}

function statusOf(call: ClientCall): Promise<CallStatus> {
  return new Promise((resolve) => call.onStatus(resolve));
}

function expectOk(status: CallStatus): void {
  expectEqual({ code: status.code, message: status.message }, { code: 0, message: "" }, "status");
}

function largeRequest(extra: object = {}): Uint8Array {
  return encodeSimpleRequest({ responseSize: 314_159, payload: new Uint8Array(271_828), ...extra });
}

type Case = (client: GrpcClient) => Promise<void>;

async function largeUnary(client: GrpcClient): Promise<void> {
  const reply = await client.call(`${service}UnaryCall`, largeRequest());
  expectEqual(Buffer.compare(decodePayloadResponse(reply.message), new Uint8Array(314_159)), 0, "payload");
}

async function clientStreaming(client: GrpcClient): Promise<void> {
  const call = client.stream(`${service}StreamingInputCall`);
  let size = -1;
  call.onMessage((message) => {
    size = decodeAggregatedSize(message);
  });
  for (const length of requestSizes) call.write(encodeStreamingInputRequest(new Uint8Array(length)));
  call.end();
  expectOk(await statusOf(call));
  expectEqual(size, 74_922, "aggregated size");
}

async function serverStreaming(client: GrpcClient): Promise<void> {
  const call = client.stream(`${service}StreamingOutputCall`);
  const sizes: number[] = [];
  call.onMessage((message) => sizes.push(decodePayloadResponse(message).length));
  const responseParameters = responseSizes.map((size) => ({ size, intervalUs: 0 }));
  call.write(encodeStreamingOutputRequest({ responseParameters }));
  call.end();
  expectOk(await statusOf(call));
  expectEqual(sizes, responseSizes, "sizes");
}

function pingOf(i: number): Uint8Array {
  return encodeStreamingOutputRequest({
    responseParameters: [{ size: responseSizes[i] as number, intervalUs: 0 }],
    payload: new Uint8Array(requestSizes[i] as number),
  });
}

async function pingPong(client: GrpcClient): Promise<void> {
  const call = client.stream(`${service}FullDuplexCall`);
  const sizes: number[] = [];
  call.onMessage((message) => {
    sizes.push(decodePayloadResponse(message).length);
    if (sizes.length < requestSizes.length) call.write(pingOf(sizes.length));
    else call.end();
  });
  call.write(pingOf(0));
  expectOk(await statusOf(call));
  expectEqual(sizes, responseSizes, "sizes");
}

async function emptyStream(client: GrpcClient): Promise<void> {
  const call = client.stream(`${service}FullDuplexCall`);
  let messages = 0;
  call.onMessage(() => {
    messages += 1;
  });
  call.end();
  expectOk(await statusOf(call));
  expectEqual(messages, 0, "messages");
}

async function timeoutOnSleepingServer(client: GrpcClient): Promise<void> {
  const call = client.stream(`${service}FullDuplexCall`, { timeoutMs: 1 });
  call.write(encodeStreamingOutputRequest({ payload: new Uint8Array(27_182) }));
  expectEqual((await statusOf(call)).code, GrpcCode.deadlineExceeded, "status");
}

async function cancelAfterBegin(client: GrpcClient): Promise<void> {
  const call = client.stream(`${service}StreamingInputCall`);
  call.cancel();
  expectEqual((await statusOf(call)).code, GrpcCode.cancelled, "status");
}

async function cancelAfterFirstResponse(client: GrpcClient): Promise<void> {
  const call = client.stream(`${service}FullDuplexCall`);
  let messages = 0;
  call.onMessage(() => {
    messages += 1;
    call.cancel();
  });
  call.write(pingOf(0));
  expectEqual((await statusOf(call)).code, GrpcCode.cancelled, "status");
  expectEqual(messages, 1, "messages");
}

async function statusCodeAndMessage(client: GrpcClient): Promise<void> {
  const responseStatus = { code: GrpcCode.unknown, message: "test status message" };
  const error = await failureOf(client.call(`${service}UnaryCall`, encodeSimpleRequest({ responseStatus })));
  expectEqual({ code: error.code, message: error.details }, responseStatus, "unary status");
  const call = client.stream(`${service}FullDuplexCall`);
  call.write(encodeStreamingOutputRequest({ responseStatus }));
  call.end();
  const { code, message } = await statusOf(call);
  expectEqual({ code, message }, responseStatus, "stream status");
}

async function specialStatusMessage(client: GrpcClient): Promise<void> {
  const message = "\t\ntest with whitespace\r\nand Unicode BMP ☺ and non-BMP 😈\t\n";
  const responseStatus = { code: GrpcCode.unknown, message };
  const error = await failureOf(client.call(`${service}UnaryCall`, encodeSimpleRequest({ responseStatus })));
  expectEqual({ code: error.code, message: error.details }, responseStatus, "status");
}

async function customMetadata(client: GrpcClient): Promise<void> {
  const trailing = Uint8Array.from([0xab, 0xab, 0xab]);
  const metadata = new Metadata()
    .add("x-grpc-test-echo-initial", "test_initial_metadata_value")
    .add("x-grpc-test-echo-trailing-bin", trailing);
  const reply = await client.call(`${service}UnaryCall`, largeRequest(), { metadata });
  expectEqual(reply.headers.get("x-grpc-test-echo-initial"), "test_initial_metadata_value", "unary header");
  expectEqual([...(reply.trailers.getBytes("x-grpc-test-echo-trailing-bin") ?? [])], [...trailing], "unary trailer");
  const call = client.stream(`${service}FullDuplexCall`, { metadata });
  let initial: string | undefined;
  call.onHeaders((headers) => {
    initial = headers.get("x-grpc-test-echo-initial");
  });
  call.write(
    encodeStreamingOutputRequest({
      responseParameters: [{ size: 314_159, intervalUs: 0 }],
      payload: new Uint8Array(271_828),
    }),
  );
  call.end();
  const status = await statusOf(call);
  expectOk(status);
  expectEqual(initial, "test_initial_metadata_value", "stream header");
  expectEqual([...(status.trailers.getBytes("x-grpc-test-echo-trailing-bin") ?? [])], [...trailing], "stream trailer");
}

async function unimplemented(client: GrpcClient, path: string): Promise<void> {
  const error = await failureOf(client.call(path, new Uint8Array(0)));
  expectEqual(error.code, GrpcCode.unimplemented, "status");
}

export const interopCases: ReadonlyMap<string, Case> = new Map<string, Case>([
  [
    "empty_unary",
    async (client) => {
      expectEqual((await client.call(`${service}EmptyCall`, new Uint8Array(0))).message.length, 0, "reply");
    },
  ],
  ["large_unary", largeUnary],
  ["client_streaming", clientStreaming],
  ["server_streaming", serverStreaming],
  ["ping_pong", pingPong],
  ["empty_stream", emptyStream],
  ["timeout_on_sleeping_server", timeoutOnSleepingServer],
  ["cancel_after_begin", cancelAfterBegin],
  ["cancel_after_first_response", cancelAfterFirstResponse],
  ["status_code_and_message", statusCodeAndMessage],
  ["special_status_message", specialStatusMessage],
  ["custom_metadata", customMetadata],
  ["unimplemented_method", (client) => unimplemented(client, `${service}UnimplementedCall`)],
  ["unimplemented_service", (client) => unimplemented(client, "/grpc.testing.UnimplementedService/UnimplementedCall")],
]);
