/** Other implementations for Node on the other side: grpc-js, node:http2, and node:http on the same port. */
import http from "node:http";
import http2 from "node:http2";
import net, { type AddressInfo } from "node:net";
import * as grpc from "@grpc/grpc-js";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GrpcClient, GrpcServer } from "@quorate/grpc";
import { addTestService } from "./test-service.ts";
import { decodePayloadResponse, encodeSimpleRequest, encodeStreamingOutputRequest } from "./test-messages.ts";

const service = "/grpc.testing.TestService/";
const asBytes = (bytes: Uint8Array): Buffer => Buffer.from(bytes);
const plain = (bytes: Buffer): Buffer => bytes;

let server: GrpcServer;
let port = 0;
const http1 = http.createServer((request, response) => {
  let body = "";
  request.on("data", (chunk) => {
    body += String(chunk);
  });
  request.on("end", () => response.end(`${request.method} ${request.url} ${body}`));
});

beforeAll(async () => {
  server = new GrpcServer({
    http1,
    http2: (exchange) => exchange.respond(200, [["x-method", exchange.method]], Buffer.from(exchange.path)),
  });
  addTestService(server);
  const listener = await server.listen({ port: 0, host: "127.0.0.1" });
  port = (listener.address() as AddressInfo).port;
});

afterAll(() => server.close({ graceMs: 500 }));

describe("grpc-js against our server", () => {
  let client: grpc.Client;

  beforeAll(() => {
    client = new grpc.Client(`127.0.0.1:${port}`, grpc.credentials.createInsecure());
  });

  afterAll(() => client.close());

  function unary(name: string, request: Uint8Array, options: grpc.CallOptions = {}): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      client.makeUnaryRequest(service + name, asBytes, plain, request, new grpc.Metadata(), options, (error, reply) => {
        if (error !== null) reject(error);
        else resolve(reply ?? Buffer.alloc(0));
      });
    });
  }

  test("a hundred unary calls at a time, up to 1.5 MB", async () => {
    const sizes = Array.from({ length: 100 }, (_, i) => (i === 50 ? 1_500_000 : i * 997));
    const replies = await Promise.all(
      sizes.map((size) =>
        unary("UnaryCall", encodeSimpleRequest({ responseSize: size, payload: new Uint8Array(size) })),
      ),
    );
    expect(replies.map((reply) => decodePayloadResponse(reply).length)).toEqual(sizes);
  });

  test("status, unknown methods and deadlines", async () => {
    const responseStatus = { code: 9, message: "no ☺" };
    await expect(unary("UnaryCall", encodeSimpleRequest({ responseStatus }))).rejects.toMatchObject({
      code: 9,
      details: "no ☺",
    });
    await expect(unary("Nothing", new Uint8Array(0))).rejects.toMatchObject({
      code: 12,
      details: "unknown method Nothing for service grpc.testing.TestService",
    });
    const slow = encodeStreamingOutputRequest({ responseParameters: [{ size: 1, intervalUs: 5_000_000 }] });
    const call = client.makeServerStreamRequest(
      `${service}StreamingOutputCall`,
      asBytes,
      plain,
      slow,
      new grpc.Metadata(),
      { deadline: Date.now() + 60 },
    );
    const error = await new Promise<grpc.ServiceError>((resolve) => call.once("error", resolve as (e: Error) => void));
    expect(error.code).toBe(4);
  });

  test("a stream of 20 MB to a reader with a small window arrives whole", async () => {
    const responseParameters = Array.from({ length: 40 }, () => ({ size: 500_000, intervalUs: 0 }));
    const call = client.makeServerStreamRequest(
      `${service}StreamingOutputCall`,
      asBytes,
      plain,
      encodeStreamingOutputRequest({ responseParameters }),
    );
    let bytes = 0;
    for await (const message of call) bytes += decodePayloadResponse(message as Buffer).length;
    expect(bytes).toBe(20_000_000);
  });
});

describe("our client against a grpc-js server", () => {
  let peer: grpc.Server;
  let client: GrpcClient;

  beforeAll(async () => {
    peer = new grpc.Server();
    const method = (name: string, requestStream: boolean, responseStream: boolean) => ({
      path: service + name,
      requestStream,
      responseStream,
      requestSerialize: asBytes,
      requestDeserialize: plain,
      responseSerialize: asBytes,
      responseDeserialize: plain,
    });
    peer.addService(
      { UnaryCall: method("UnaryCall", false, false), FullDuplexCall: method("FullDuplexCall", true, true) },
      {
        UnaryCall: (call: grpc.ServerUnaryCall<Buffer, Uint8Array>, callback: grpc.sendUnaryData<Uint8Array>) => {
          callback(null, call.request);
        },
        FullDuplexCall: (call: grpc.ServerDuplexStream<Buffer, Uint8Array>) => {
          call.on("data", (message: Buffer) => call.write(message));
          call.on("end", () => call.end());
        },
      },
    );
    const bound = await new Promise<number>((resolve, reject) => {
      peer.bindAsync("127.0.0.1:0", grpc.ServerCredentials.createInsecure(), (error, at) => {
        if (error === null) resolve(at);
        else reject(error);
      });
    });
    client = new GrpcClient({ target: { host: "127.0.0.1", port: bound } });
  });

  afterAll(async () => {
    await client.close();
    peer.forceShutdown();
  });

  test("unary calls, small and large", async () => {
    for (const size of [0, 100, 100_000, 3_000_000]) {
      const reply = await client.call(`${service}UnaryCall`, Buffer.alloc(size, 7));
      expect(Buffer.compare(reply.message, Buffer.alloc(size, 7))).toBe(0);
    }
  });

  test("an echo of 10 MB over one stream", async () => {
    const call = client.stream(`${service}FullDuplexCall`);
    let bytes = 0;
    let sent = 0;
    call.onMessage((message) => {
      bytes += message.length;
    });
    const send = (): void => {
      while (sent < 100) {
        sent += 1;
        if (!call.write(new Uint8Array(100_000))) return;
      }
      call.end();
    };
    call.onDrain(send);
    const done = new Promise<number>((resolve) => call.onStatus((status) => resolve(status.code)));
    send();
    expect(await done).toBe(0);
    expect(bytes).toBe(10_000_000);
  });
});

describe("HTTP on the same port", () => {
  test("node:http2 makes gRPC calls and plain requests", async () => {
    const session = http2.connect(`http://127.0.0.1:${port}`);
    const request = (headers: http2.OutgoingHttpHeaders, body: Uint8Array) =>
      new Promise<{ headers: http2.IncomingHttpHeaders; trailers: http2.IncomingHttpHeaders; body: Buffer }>(
        (resolve, reject) => {
          const stream = session.request(headers);
          const parts: Buffer[] = [];
          let head: http2.IncomingHttpHeaders = {};
          let trailers: http2.IncomingHttpHeaders = {};
          stream.on("response", (fields) => {
            head = fields;
          });
          stream.on("trailers", (fields) => {
            trailers = fields;
          });
          stream.on("data", (chunk: Buffer) => parts.push(chunk));
          stream.on("error", reject);
          stream.on("end", () => resolve({ headers: head, trailers, body: Buffer.concat(parts) }));
          // Without a body node:http2 has ended the stream already.
          if (body.length > 0) stream.end(body);
        },
      );
    const call = {
      ":method": "POST",
      ":path": `${service}EmptyCall`,
      "content-type": "application/grpc",
      te: "trailers",
    };
    const reply = await request(call, Buffer.alloc(5));
    expect(reply.headers[":status"]).toBe(200);
    expect(reply.trailers["grpc-status"]).toBe("0");
    const page = await request({ ":method": "GET", ":path": "/health" }, new Uint8Array(0));
    expect([page.headers["x-method"], page.body.toString()]).toEqual(["GET", "/health"]);
    await new Promise<void>((resolve) => session.close(resolve));
  });

  test("HTTP/1.1 is served by node:http, its first bytes included, however they are cut", async () => {
    const text = await (
      await fetch(`http://127.0.0.1:${port}/v3/kv/put`, { method: "POST", body: "x".repeat(200_000) })
    ).text();
    expect(text).toBe(`POST /v3/kv/put ${"x".repeat(200_000)}`);
    const answer = await new Promise<string>((resolve, reject) => {
      const socket = net.connect({ port, host: "127.0.0.1" });
      let received = "";
      socket.on("error", reject);
      socket.on("data", (chunk) => {
        received += String(chunk);
      });
      socket.on("close", () => resolve(received));
      socket.write("P", () =>
        socket.write("UT /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok"),
      );
    });
    expect(answer).toContain("PUT /a ok");
  });
});
