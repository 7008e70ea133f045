import { createServer } from "node:http";
import { type AddressInfo, connect, createServer as createTcpServer, type Server, type Socket } from "node:net";
import { VirtualClock } from "@quorate/base/testing";
import { afterEach, expect, test } from "vitest";
import { HttpConnections } from "./connections.ts";

let tcp: Server | undefined;
afterEach(() => tcp?.close());

/** An HTTP server behind a listener that is not its own, as client ports have it. */
async function serve(clock: VirtualClock): Promise<{ connections: HttpConnections; dial: () => Promise<Socket> }> {
  const http = createServer((_req, res) => res.end("hi"));
  const connections = new HttpConnections(http, clock);
  const listener = createTcpServer((socket) => http.emit("connection", socket));
  tcp = listener;
  await new Promise<void>((resolve) => listener.listen(0, "127.0.0.1", resolve));
  const { port } = listener.address() as AddressInfo;
  const dial = (): Promise<Socket> =>
    new Promise((resolve) => {
      const before = connections.count;
      const socket = connect(port, "127.0.0.1");
      socket.on("error", () => undefined);
      const accepted = (): void => {
        if (connections.count > before) resolve(socket);
        else setImmediate(accepted);
      };
      accepted();
    });
  return { connections, dial };
}

const closed = (socket: Socket): Promise<void> => new Promise((resolve) => socket.once("close", () => resolve()));

const answered = (socket: Socket): Promise<void> => {
  socket.write("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  return new Promise((resolve) => socket.once("data", () => resolve()));
};

test("a connection that sends its request for ever is closed after a minute, one that is in use stays", async () => {
  const clock = new VirtualClock();
  const { connections, dial } = await serve(clock);
  const slow = await dial();
  slow.write("GET / HT");
  const used = await dial();
  await clock.advance(50_000);
  await answered(used);
  expect(connections.count).toBe(2);
  const gone = closed(slow);
  await clock.advance(12_000);
  await gone;
  expect(connections.count).toBe(1);
  used.destroy();
});

test("a stop closes connections that are kept alive", async () => {
  const { connections, dial } = await serve(new VirtualClock());
  const kept = await dial();
  await answered(kept);
  const gone = closed(kept);
  connections.close();
  await gone;
});
