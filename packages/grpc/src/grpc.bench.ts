/**
 * Server CPU per unary call: 64-byte requests and replies, header decoding included.
 *
 * The load comes from a second process, a frame-level client, so that the CPU time of this one is the server's alone.
 * Kernel time of the sockets is part of it.
 */
import { fork } from "node:child_process";
import net from "node:net";
import { formatTimeout } from "./deadline.ts";
import { clientPreface, Flag, FrameType, putFrameHeader } from "./h2/frames.ts";
import { FrameReader } from "./h2/frame-reader.ts";
import { HpackEncoder } from "./h2/hpack-encoder.ts";
import { GrpcServer } from "./server/server.ts";

interface Load {
  readonly port: number;
  readonly connections: number;
  readonly streams: number;
  readonly deadlines: boolean;
  readonly warmUpMs: number;
  readonly runMs: number;
}

const payloadBytes = 64;
const fields = [
  ":method",
  "POST",
  ":scheme",
  "http",
  ":path",
  "/bench.Echo/Call",
  ":authority",
  "127.0.0.1:2379",
  "content-type",
  "application/grpc",
  "user-agent",
  "grpc-go/1.82.1",
  "te",
  "trailers",
];

/** One connection of the load: keeps `streams` calls under way. */
class LoadConnection {
  readonly #socket: net.Socket;
  readonly #encoder = new HpackEncoder();
  readonly #deadlines: boolean;
  #nextId = 1;
  done = 0;
  #finished = 0;

  constructor(load: Load) {
    this.#deadlines = load.deadlines;
    this.#socket = net.connect({ port: load.port, host: "127.0.0.1", noDelay: true });
    const settings = Buffer.alloc(9 + 9 + 4);
    putFrameHeader(settings, 0, 0, FrameType.settings, 0, 0);
    putFrameHeader(settings, 9, 4, FrameType.windowUpdate, 0, 0);
    settings.writeUInt32BE(0x3fff_ffff, 18);
    this.#socket.write(Buffer.concat([clientPreface, settings]));
    const reader = new FrameReader({
      onFrame: (type, flags) => {
        if (type === FrameType.headers && (flags & Flag.endStream) !== 0) this.#finished += 1;
      },
      onDataStart: () => {},
      onDataPiece: () => {},
      onDataEnd: () => {},
    });
    this.#socket.on("data", (chunk: Buffer) => {
      reader.feed(chunk);
      const finished = this.#finished;
      this.#finished = 0;
      this.done += finished;
      if (finished > 0) this.#send(finished);
    });
    this.#send(load.streams);
  }

  #send(calls: number): void {
    const parts: Buffer[] = [];
    for (let i = 0; i < calls; i++) {
      const timeout = this.#deadlines ? ["grpc-timeout", formatTimeout(5000 - Math.random() * 100)] : [];
      const block = this.#encoder.encode([...fields, ...timeout]);
      const frame = Buffer.alloc(9 + block.length + 9 + 5 + payloadBytes);
      putFrameHeader(frame, 0, block.length, FrameType.headers, Flag.endHeaders, this.#nextId);
      frame.set(block, 9);
      const at = 9 + block.length;
      putFrameHeader(frame, at, 5 + payloadBytes, FrameType.data, Flag.endStream, this.#nextId);
      frame.writeUInt32BE(payloadBytes, at + 10);
      this.#nextId += 2;
      parts.push(frame);
    }
    this.#socket.write(Buffer.concat(parts));
  }

  close(): void {
    this.#socket.destroy();
  }
}

async function runLoad(load: Load): Promise<void> {
  const connections = Array.from({ length: load.connections }, () => new LoadConnection(load));
  const total = (): number => connections.reduce((sum, connection) => sum + connection.done, 0);
  const wait = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  await wait(load.warmUpMs);
  process.send?.({ event: "begin", calls: total() });
  await wait(load.runMs);
  process.send?.({ event: "end", calls: total() });
  for (const connection of connections) connection.close();
  process.disconnect?.();
}

function print(what: string, user: number, system: number, rate: number): void {
  if (process.env["BENCH_JSON"] === "1") {
    console.log(JSON.stringify({ layer: "grpc", what, unit: "µs", value: user + system }));
    return;
  }
  const parts = `user ${user.toFixed(2)}, system ${system.toFixed(2)}`;
  console.log(`${what.padEnd(48)} ${(user + system).toFixed(2)} µs (${parts}), ${Math.round(rate)} calls/s`);
}

async function measure(name: string, load: Load): Promise<void> {
  const child = fork(process.argv[1] as string, ["load", JSON.stringify(load)]);
  let calls = 0;
  let cpu = process.cpuUsage();
  let started = 0;
  child.on("message", (message: { event: string; calls: number }) => {
    if (message.event === "begin") {
      calls = message.calls;
      cpu = process.cpuUsage();
      started = performance.now();
      return;
    }
    const used = process.cpuUsage(cpu);
    const made = message.calls - calls;
    const user = used.user / made;
    const system = used.system / made;
    const rate = (made / (performance.now() - started)) * 1000;
    print(name, user, system, rate);
  });
  await new Promise((resolve) => child.on("exit", resolve));
}

async function main(): Promise<void> {
  const server = new GrpcServer();
  const reply = new Uint8Array(payloadBytes);
  server.unary("/bench.Echo/Call", (call) => call.respond(reply));
  const listener = await server.listen({ port: 0, host: "127.0.0.1" });
  const { port } = listener.address() as net.AddressInfo;
  const base = { port, warmUpMs: 700, runMs: 2000, deadlines: false };
  await measure("server CPU a unary call, 10 connections × 10", { ...base, connections: 10, streams: 10 });
  await measure("server CPU a unary call, 10 × 10, with deadlines", {
    ...base,
    connections: 10,
    streams: 10,
    deadlines: true,
  });
  await measure("server CPU a unary call, 100 connections × 10", { ...base, connections: 100, streams: 10 });
  await measure("one read and one write for each of 100 sockets", { ...base, connections: 100, streams: 1 });
  await server.close({ graceMs: 100 });
}

if (process.argv[2] === "load") await runLoad(JSON.parse(process.argv[3] as string) as Load);
else await main();
