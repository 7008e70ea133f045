/** What only real sockets can show: TLS, certificates, peers that do not read, and that sessions really close. */
import { readFileSync } from "node:fs";
import https from "node:https";
import http from "node:http";
import net, { type AddressInfo } from "node:net";
import tls from "node:tls";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { GrpcClient, GrpcServer } from "@quorate/grpc";
import { makeCertificate } from "./peers.ts";
import { addTestService } from "./test-service.ts";

const preface = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0", "latin1");
const certificate = makeCertificate();

/** A frame in plain bytes: these clients are nobody's library. */
function frame(type: number, flags: number, streamId: number, payload: Uint8Array): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(payload.length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId, 5);
  return Buffer.concat([head, payload]);
}

/** Waits until `done()`, at most five seconds. */
async function eventually(done: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !done(); i++) await new Promise((resolve) => setTimeout(resolve, 10));
  expect(done()).toBe(true);
}

describe("hostile clients on real sockets", () => {
  let server: GrpcServer;
  let port = 0;

  beforeAll(async () => {
    server = new GrpcServer({ handshakeTimeoutMs: 500 });
    addTestService(server);
    const listener = await server.listen({ port: 0, host: "127.0.0.1" });
    port = (listener.address() as AddressInfo).port;
  });

  afterAll(() => server.close({ graceMs: 100 }));

  test("HPACK garbage: GOAWAY with COMPRESSION_ERROR arrives, then the end, though the client leaves its side open", async () => {
    const socket = net.connect({ port, host: "127.0.0.1", allowHalfOpen: true });
    const received: Buffer[] = [];
    let ended = false;
    socket.on("data", (chunk) => received.push(chunk));
    socket.on("end", () => {
      ended = true;
    });
    socket.on("error", () => {});
    socket.write(Buffer.concat([preface, frame(1, 5, 1, Buffer.alloc(20, 0xff))]));
    await eventually(() => ended);
    const bytes = Buffer.concat(received);
    const goAway = bytes.indexOf(Buffer.from([7, 0, 0, 0, 0, 0]));
    expect(bytes.readUInt32BE(goAway + 10)).toBe(9);
    await eventually(() => server.stats.connections === 0);
    socket.destroy();
  });

  test("a client that floods and reads nothing is closed as well", async () => {
    const socket = net.connect({ port, host: "127.0.0.1" });
    socket.on("error", () => {});
    socket.pause();
    let closed = false;
    socket.on("close", () => {
      closed = true;
    });
    const before = process.cpuUsage();
    const settings = frame(4, 0, 0, new Uint8Array(0));
    socket.write(Buffer.concat([preface, ...Array.from({ length: 100_000 }, () => settings)]));
    await eventually(() => server.stats.connections === 1);
    await eventually(() => server.stats.connections === 0);
    const cpu = process.cpuUsage(before);
    expect(cpu.user + cpu.system).toBeLessThan(1_500_000);
    socket.destroy();
    await eventually(() => closed);
  });

  test("two hundred connections that say nothing are closed after the handshake timeout, and calls go on meanwhile", async () => {
    let open = 0;
    for (let i = 0; i < 200; i++) {
      const socket = net.connect({ port, host: "127.0.0.1" });
      socket.on("error", () => {});
      socket.on("connect", () => {
        open += 1;
      });
      socket.on("close", () => {
        open -= 1;
      });
    }
    await eventually(() => open === 200);
    const client = new GrpcClient({ target: { host: "127.0.0.1", port } });
    await client.call("/grpc.testing.TestService/EmptyCall", new Uint8Array(0));
    await eventually(() => open === 0);
    await client.close();
  });
});

describe.skipIf(certificate === undefined)("TLS", () => {
  const pem = {
    cert: certificate === undefined ? "" : readFileSync(certificate.cert),
    key: certificate === undefined ? "" : readFileSync(certificate.key),
  };
  const seen: unknown[] = [];
  const http1 = http.createServer((request, response) => response.end(`HTTP/${request.httpVersion} ${request.url}`));
  let server: GrpcServer;
  let port = 0;

  beforeAll(async () => {
    server = new GrpcServer({ http1, handshakeTimeoutMs: 500 });
    server.unary("/test.Who/AmI", (call) => {
      seen.push([call.peer.isTls, call.peer.isVerified, call.peer.certificate?.subject.CN]);
      call.respond(call.message);
    });
    const secrets = { ...pem, ca: pem.cert, requestCert: true, rejectUnauthorized: false };
    const listener = await server.listenTls({ port: 0, host: "127.0.0.1" }, secrets);
    port = (listener.address() as AddressInfo).port;
  });

  afterAll(() => server.close({ graceMs: 100 }));

  test("handlers see the client's certificate and whether it is vouched for", async () => {
    const trust = { ca: pem.cert, servername: "localhost" };
    const target = { host: "127.0.0.1", port };
    const known = new GrpcClient({ target, tls: { ...trust, ...pem } });
    const unknown = new GrpcClient({ target, tls: trust });
    const body = Buffer.alloc(300_000, 1);
    const reply = await known.call("/test.Who/AmI", body);
    expect(Buffer.compare(reply.message, body)).toBe(0);
    await unknown.call("/test.Who/AmI", body);
    expect(seen).toEqual([
      [true, true, "localhost"],
      [true, false, undefined],
    ]);
    await Promise.all([known.close(), unknown.close()]);
  });

  test("a server whose certificate is not trusted is not called", async () => {
    const client = new GrpcClient({ target: { host: "127.0.0.1", port }, tls: { servername: "localhost" } });
    await expect(client.call("/test.Who/AmI", new Uint8Array(0))).rejects.toMatchObject({ code: 14 });
    await client.close();
  });

  test("HTTP/1.1 is served on the same TLS port", async () => {
    const text = await new Promise<string>((resolve, reject) => {
      https
        .get(
          { host: "127.0.0.1", port, path: "/health", ca: pem.cert, servername: "localhost", agent: false },
          (answer) => {
            let body = "";
            answer.on("data", (chunk) => {
              body += String(chunk);
            });
            answer.on("end", () => resolve(body));
          },
        )
        .on("error", reject);
    });
    expect(text).toBe("HTTP/1.1 /health");
  });

  test("a TLS handshake that is never finished is closed", async () => {
    const socket = net.connect({ port, host: "127.0.0.1" });
    let closed = false;
    socket.on("error", () => {});
    socket.on("close", () => {
      closed = true;
    });
    socket.resume();
    socket.write(Buffer.from([0x16, 3, 1, 2, 0]));
    await eventually(() => closed);
  });

  test("a handshake without a word behind it is closed", async () => {
    const socket = tls.connect({
      port,
      host: "127.0.0.1",
      ca: pem.cert,
      servername: "localhost",
      ALPNProtocols: ["h2"],
    });
    let closed = false;
    socket.on("error", () => {});
    socket.on("close", () => {
      closed = true;
    });
    await eventually(() => closed);
    expect(socket.alpnProtocol).toBe("h2");
  });
});
