import { once } from "node:events";
import { createServer as createHttpServer, type IncomingMessage, type Server as HttpServer } from "node:http";
import { type AddressInfo, createServer, type Server, type Socket } from "node:net";
import fc from "fast-check";
import { afterEach, describe, expect, test } from "vitest";
import { BodyTap } from "./body-tap.ts";
import { Dialer } from "./dialer.ts";

/** A tap whose connection notes what `node:http` would get. */
function tapOn(): { tap: BodyTap; read: (bytes: Uint8Array) => void; passed: () => string } {
  const passed: Buffer[] = [];
  const tap = new BodyTap();
  tap.attach({ push: (bytes: Buffer) => passed.push(bytes) > 0 } as unknown as Socket);
  const read = (bytes: Uint8Array): void => {
    tap.onread.buffer.set(bytes);
    expect(tap.onread.callback(bytes.length, tap.onread.buffer)).toBe(true);
    tap.onread.buffer.fill(0x21, 0, bytes.length);
  };
  return { tap, read, passed: () => Buffer.concat(passed).toString("latin1") };
}

const nextTick = (): Promise<void> => new Promise((resolve) => process.nextTick(resolve));

const head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
const early = "HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\n";
const latin1 = (text: string): Uint8Array => Buffer.from(text, "latin1");

describe("a tapped connection", () => {
  test.each(["take", "pass"] as const)(
    "gives the head to node:http and what is behind it where it is told to (%s), however it comes in pieces",
    async (way) => {
      const wire = `${early}${early}${head}5\r\nfirst\r\n\r\n\r\nHTTP/1.1 100`;
      const body = wire.slice(2 * early.length + head.length);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat({ max: wire.length })), fc.nat({ max: 3 }), async (cuts, later) => {
          const { tap, read, passed } = tapOn();
          let taken = "";
          let piecesBehindHead = -1;
          let from = 0;
          for (const to of [...cuts].sort((a, b) => a - b).concat(wire.length)) {
            read(latin1(wire.slice(from, to)));
            from = to;
            if (passed().length < wire.length - body.length || ++piecesBehindHead !== later) continue;
            if (way === "take") tap.take((bytes) => void (taken += Buffer.from(bytes).toString("latin1")));
            else {
              tap.pass();
              if (later === 0) await nextTick();
            }
          }
          await nextTick();
          if (piecesBehindHead < later) {
            expect(passed()).toBe(`${early}${early}${head}`);
            return;
          }
          expect(taken).toBe(way === "take" ? body : "");
          expect(passed()).toBe(way === "take" ? `${early}${early}${head}` : wire);
        }),
      );
    },
  );

  test("gives node:http a head that has no end, which says so", async () => {
    const { read, passed } = tapOn();
    for (let i = 0; i < 20; i++) read(latin1("x".repeat(4000)));
    await nextTick();
    expect(passed().length).toBe(80_000);
  });
});

describe("a request with a tap", () => {
  const servers: (Server | HttpServer)[] = [];
  afterEach(async () => {
    for (const server of servers.splice(0)) {
      if ("closeAllConnections" in server) server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    }
  });

  async function listening(server: Server | HttpServer): Promise<string> {
    servers.push(server);
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  async function answerOf(url: string, tap: BodyTap): Promise<IncomingMessage> {
    const request = new Dialer({ dialTimeoutMs: 5000 }).start(url, "GET", "/", {}, tap);
    request.end();
    const [response] = (await once(request, "response")) as [IncomingMessage];
    return response;
  }

  test("takes the body as it comes over the wire", async () => {
    const url = await listening(
      createHttpServer((_request, response) => {
        response.write("first");
        response.write("x".repeat(200_000));
        response.end();
      }),
    );
    const tap = new BodyTap();
    const response = await answerOf(url, tap);
    expect(response.statusCode).toBe(200);
    let body = "";
    await new Promise<void>((resolve) => {
      tap.take((bytes) => {
        body += Buffer.from(bytes).toString("latin1");
        if (body.endsWith("\r\n0\r\n\r\n")) resolve();
      });
    });
    response.destroy();
    expect(body).toBe(`5\r\nfirst\r\n${(200_000).toString(16)}\r\n${"x".repeat(200_000)}\r\n0\r\n\r\n`);
  });

  test("passes the body on for node:http to read", async () => {
    const url = await listening(
      createHttpServer((_request, response) => response.writeHead(412).end("cluster ID mismatch\n")),
    );
    const tap = new BodyTap();
    const response = await answerOf(url, tap);
    tap.pass();
    let body = "";
    for await (const chunk of response) body += String(chunk);
    expect(response.statusCode).toBe(412);
    expect(body).toBe("cluster ID mismatch\n");
  });

  test("fails like any other when what answers is no HTTP", async () => {
    const url = await listening(createServer((socket) => void socket.resume().end("hello?\r\n\r\n")));
    await expect(answerOf(url, new BodyTap())).rejects.toThrow("Parse Error");
  });

  test("fails like any other when nothing answers", async () => {
    const url = await listening(createServer((socket) => void socket.resume().end()));
    await expect(answerOf(url, new BodyTap())).rejects.toThrow("socket hang up");
  });
});
