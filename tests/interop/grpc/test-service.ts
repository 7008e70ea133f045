/** `grpc.testing.TestService`, as gRPC's interoperability test descriptions define it. */
import { type CallBase, type GrpcServer, Metadata, type ServerStream } from "@quorate/grpc";
import {
  decodeSimpleRequest,
  decodeStreamingInputRequest,
  decodeStreamingOutputRequest,
  encodeAggregatedSize,
  encodePayloadResponse,
  type StreamingOutputCallRequest,
} from "./test-messages.ts";

const prefix = "/grpc.testing.TestService/";
const initialKey = "x-grpc-test-echo-initial";
const trailingKey = "x-grpc-test-echo-trailing-bin";

/** Sends back the metadata that the case asks to have sent back. */
function echoMetadata(call: CallBase): void {
  const initial = call.metadata.get(initialKey);
  if (initial !== undefined) call.setHeaders(new Metadata().add(initialKey, initial));
  const trailing = call.metadata.getBytes(trailingKey);
  if (trailing !== undefined) call.setTrailers(new Metadata().add(trailingKey, trailing));
}

/** Answers each request of a stream with the responses it asks for, at the intervals it asks for. */
class OutputQueue {
  readonly #call: ServerStream;
  readonly #requests: StreamingOutputCallRequest[] = [];
  #next = 0;
  #ended = false;
  #timer: NodeJS.Timeout | undefined = undefined;
  #blocked = false;

  constructor(call: ServerStream) {
    this.#call = call;
    call.onDrain(() => {
      this.#blocked = false;
      this.#run();
    });
    call.onCancel(() => clearTimeout(this.#timer));
  }

  add(request: StreamingOutputCallRequest): void {
    this.#requests.push(request);
    this.#run();
  }

  end(): void {
    this.#ended = true;
    this.#run();
  }

  #run(): void {
    while (this.#timer === undefined && !this.#blocked) {
      const request = this.#requests[0];
      if (request === undefined) {
        if (this.#ended) this.#call.end();
        return;
      }
      const parameters = request.responseParameters[this.#next];
      if (parameters === undefined) {
        this.#requests.shift();
        this.#next = 0;
        const status = request.responseStatus;
        if (status !== undefined && status.code !== 0) {
          this.#call.fail(status.code, status.message);
          return;
        }
        continue;
      }
      this.#next += 1;
      if (parameters.intervalUs === 0) this.#write(parameters.size);
      else this.#timer = setTimeout(() => this.#onTimer(parameters.size), parameters.intervalUs / 1000);
    }
  }

  #onTimer(size: number): void {
    this.#timer = undefined;
    this.#write(size);
    this.#run();
  }

  #write(size: number): void {
    this.#blocked = !this.#call.write(encodePayloadResponse(new Uint8Array(size)));
  }
}

export function addTestService(server: GrpcServer): void {
  server.unary(`${prefix}EmptyCall`, (call) => {
    echoMetadata(call);
    call.respond(new Uint8Array(0));
  });
  for (const name of ["UnaryCall", "CacheableUnaryCall"]) {
    server.unary(`${prefix}${name}`, (call) => {
      const request = decodeSimpleRequest(call.message);
      echoMetadata(call);
      const status = request.responseStatus;
      if (status !== undefined && status.code !== 0) call.fail(status.code, status.message);
      else call.respond(encodePayloadResponse(new Uint8Array(request.responseSize)));
    });
  }
  server.stream(`${prefix}StreamingInputCall`, (call) => {
    let size = 0;
    call.onMessage((message) => {
      size += decodeStreamingInputRequest(message).length;
    });
    call.onHalfClose(() => {
      call.write(encodeAggregatedSize(size));
      call.end();
    });
  });
  for (const name of ["StreamingOutputCall", "FullDuplexCall"]) {
    server.stream(`${prefix}${name}`, (call) => {
      echoMetadata(call);
      const queue = new OutputQueue(call);
      call.onMessage((message) => queue.add(decodeStreamingOutputRequest(message)));
      call.onHalfClose(() => queue.end());
    });
  }
  server.stream(`${prefix}HalfDuplexCall`, (call) => {
    const queue = new OutputQueue(call);
    const requests: StreamingOutputCallRequest[] = [];
    call.onMessage((message) => requests.push(decodeStreamingOutputRequest(message)));
    call.onHalfClose(() => {
      for (const request of requests) queue.add(request);
      queue.end();
    });
  });
}
