import {
  createServer as createHttpServer,
  type IncomingMessage,
  type ServerResponse,
  type Server as HttpServer,
} from "node:http";
import { type AddressInfo, createServer as createTcpServer, type Server, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { createSecureContext, createServer as createTlsServer, type TLSSocket } from "node:tls";
import type { Logger } from "@quorate/base";
import { messageOf } from "./activity.ts";
import type { PeerLimits } from "./limits.ts";
import { handshakeTimeoutMs, type PeerTls, refusedClient, serverContextOptions, serverTlsOptions } from "./tls.ts";
import { parseTarget, type UrlTarget } from "./urls.ts";

/** Listeners that are open. */
export interface Listening {
  /** The URLs that were asked for, with the ports that were given. */
  readonly addresses: readonly string[];
  /** Closes the listeners and every connection; idempotent. */
  close(): Promise<void>;
}

export interface ListenOptions {
  readonly handler: (request: IncomingMessage, response: ServerResponse) => void;
  readonly logger: Logger;
  readonly limits: PeerLimits;
  readonly tls: PeerTls | undefined;
}

/** Opens a listener for each URL; when one fails, none stays open. */
export async function listen(urls: readonly string[], options: ListenOptions): Promise<Listening> {
  const listeners: Listener[] = [];
  const close = async (): Promise<void> => {
    await Promise.all(listeners.map((listener) => listener.close()));
  };
  try {
    for (const url of urls) {
      const listener = new Listener(url, options);
      listeners.push(listener);
      await listener.open();
    }
  } catch (cause) {
    await close();
    throw cause;
  }
  return { addresses: listeners.map((listener) => listener.address()), close };
}

/** One socket that accepts connections and gives them, secured where the URL says so, to an HTTP engine. */
class Listener {
  readonly #url: string;
  readonly #target: UrlTarget;
  readonly #options: ListenOptions;
  readonly #http: HttpServer;
  readonly #server: Server;
  readonly #sockets: Set<Socket> = new Set();

  constructor(url: string, options: ListenOptions) {
    const target = parseTarget(url);
    if (target === undefined) throw new Error(`cannot listen on ${JSON.stringify(url)}: unsupported URL`);
    this.#url = url;
    this.#target = target;
    this.#options = options;
    this.#http = newHttpServer(options);
    this.#server = target.secure
      ? this.#newTlsServer()
      : createTcpServer({ allowHalfOpen: true }, (socket) => this.#serve(socket));
    this.#server.maxConnections = options.limits.connectionsMax;
    this.#server.on("connection", (socket) => {
      this.#sockets.add(socket);
      socket.once("close", () => this.#sockets.delete(socket));
    });
  }

  /** @throws Error that names the address and why it cannot be had. */
  open(): Promise<void> {
    const { hostname, port, socketPath } = this.#target;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (cause: NodeJS.ErrnoException) => {
        const where = socketPath ?? this.#target.authority;
        reject(
          new Error(`listen ${socketPath === undefined ? "tcp" : "unix"} ${where}: ${bindError(cause)}`, { cause }),
        );
      });
      this.#server.listen(socketPath === undefined ? { host: hostname, port } : { path: socketPath }, () => {
        this.#server.on("error", (cause) => {
          this.#options.logger.log("error", "peer listener failed", { address: this.#url, error: cause.message });
        });
        resolve();
      });
    });
  }

  address(): string {
    const bound = this.#server.address();
    if (bound === null || typeof bound === "string") return this.#url;
    const url = new URL(this.#url);
    return `${url.protocol}//${url.hostname}:${(bound satisfies AddressInfo).port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      for (const socket of this.#sockets) socket.destroy();
      this.#http.closeAllConnections();
      this.#http.close();
    });
  }

  #serve(socket: Socket): void {
    socket.setNoDelay(true);
    socket.setKeepAlive(true, 30_000);
    this.#http.emit("connection", socket);
  }

  #newTlsServer(): Server {
    const { tls, logger } = this.#options;
    if (tls === undefined) throw new Error(`cannot listen on ${this.#url}: no certificate and key are given`);
    let material = tls.material();
    const rejected = (socket: Socket, error: string): void => {
      logger.log("warn", "rejected connection on peer endpoint", { "remote-addr": socket.remoteAddress ?? "", error });
      socket.destroy();
    };
    const server = createTlsServer(serverTlsOptions(tls), (socket: TLSSocket) => {
      socket.on("error", () => undefined);
      // Names may have to be resolved; that is part of the handshake.
      const tooLate = setTimeout(() => rejected(socket, "TLS handshake timeout"), handshakeTimeoutMs);
      socket.once("close", () => clearTimeout(tooLate));
      void refusedClient(tls, socket).then(
        (refusal) => {
          clearTimeout(tooLate);
          if (refusal === undefined) this.#serve(socket);
          else rejected(socket, refusal);
        },
        (cause: unknown) => rejected(socket, messageOf(cause)),
      );
    });
    server.prependListener("connection", () => {
      const current = tls.material();
      if (current === material) return;
      const options = serverContextOptions(tls);
      try {
        createSecureContext(options);
        server.setSecureContext(options);
        material = current;
      } catch (cause) {
        logger.log("error", "cannot use the renewed peer certificate", { error: messageOf(cause) });
      }
    });
    server.on("tlsClientError", (cause, socket) => rejected(socket, cause.message));
    return server;
  }
}

/** An HTTP/1.1 engine without a socket of its own. Handlers set the deadlines of what they read. */
function newHttpServer({ handler, limits }: ListenOptions): HttpServer {
  const options = { requestTimeout: 0, headersTimeout: limits.idleTimeoutMs, noDelay: true };
  /** Connections on which an answer is under way: nothing else may be written to them. */
  const answering = new WeakSet<Duplex>();
  const http = createHttpServer(options, (request, response) => {
    const { socket } = request;
    answering.add(socket);
    response.once("close", () => answering.delete(socket));
    handler(request, response);
  });
  http.timeout = limits.idleTimeoutMs;
  http.keepAliveTimeout = limits.idleTimeoutMs;
  http.on("clientError", (cause: NodeJS.ErrnoException, socket) => {
    const status = cause.code?.startsWith("HPE_") === true && !answering.has(socket) ? statusOf(cause.code) : undefined;
    if (status === undefined || !socket.writable) {
      socket.destroy();
      return;
    }
    const head = `HTTP/1.1 ${status}\r\nContent-Type: text/plain; charset=utf-8\r\nConnection: close\r\n\r\n`;
    socket.end(head + status, () => socket.destroy());
  });
  return http;
}

/** How Go's servers answer what is no request, by the code of Node's parser. */
function statusOf(code: string): string {
  return code === "HPE_HEADER_OVERFLOW" ? "431 Request Header Fields Too Large" : "400 Bad Request";
}

const bindTexts: Readonly<Record<string, string>> = {
  EADDRINUSE: "bind: address already in use",
  EADDRNOTAVAIL: "bind: cannot assign requested address",
  EACCES: "bind: permission denied",
};

function bindError(cause: NodeJS.ErrnoException): string {
  return bindTexts[cause.code ?? ""] ?? cause.message;
}
