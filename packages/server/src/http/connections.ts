import type { ServerResponse, Server as HttpServer } from "node:http";
import type { Socket } from "node:net";
import type { Clock, Timer } from "@quorate/base";

/** More HTTP/1.1 connections than this at a time are closed at once. */
const connectionsMax = 4096;
/** A connection on which no request was answered for this long is closed. */
const unansweredMs = 60_000;
const sweepMs = 5000;

/**
 * Watches over the connections of an HTTP server that takes them from somewhere else. Node counts connections, and ends
 * slow ones, only for servers that listen by themselves.
 */
export class HttpConnections {
  readonly #clock: Clock;
  /** The clock's reading when each connection began or was answered last. */
  readonly #since: Map<Socket, number> = new Map();
  #sweeper: Timer | undefined;
  #closed = false;

  constructor(server: HttpServer, clock: Clock) {
    this.#clock = clock;
    server.on("connection", (socket: Socket) => this.#add(socket));
    server.on("request", (_request: unknown, response: ServerResponse) => {
      const { socket } = response;
      if (socket === null) return;
      response.once("finish", () => {
        if (this.#since.has(socket)) this.#since.set(socket, this.#clock.nowMs());
      });
    });
  }

  get count(): number {
    return this.#since.size;
  }

  #add(socket: Socket): void {
    if (this.#closed || this.#since.size >= connectionsMax) {
      socket.destroy();
      return;
    }
    this.#since.set(socket, this.#clock.nowMs());
    socket.once("close", () => this.#since.delete(socket));
    this.#sweeper ??= this.#clock.startTimer(sweepMs, () => this.#sweep());
  }

  #sweep(): void {
    this.#sweeper = undefined;
    const limit = this.#clock.nowMs() - unansweredMs;
    for (const [socket, sinceMs] of this.#since) if (sinceMs <= limit) socket.destroy();
    if (this.#since.size > 0) this.#sweeper = this.#clock.startTimer(sweepMs, () => this.#sweep());
  }

  /** Closes all connections, and every later one. */
  close(): void {
    this.#closed = true;
    this.#sweeper?.cancel();
    this.#sweeper = undefined;
    for (const socket of this.#since.keys()) socket.destroy();
  }
}
