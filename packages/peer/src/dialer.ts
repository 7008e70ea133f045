import {
  type ClientRequest,
  type IncomingMessage,
  Agent as PlainAgent,
  request as plainRequest,
  type RequestOptions,
} from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { connect, isIP, type Socket } from "node:net";
import { type ConnectionOptions, connect as secureConnect } from "node:tls";
import type { BodyTap } from "./body-tap.ts";
import { clientTlsOptions, type PeerTls } from "./tls.ts";
import { parseTarget, type UrlTarget } from "./urls.ts";

/** A kept-alive connection idle for longer may be about to be closed by the other side. */
const reuseWithinMs = 4_000;
/** As etcd sets it on every peer connection. */
const tcpKeepAliveMs = 30_000;

/** An answer read to its end. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage["headers"];
  readonly body: string;
}

export interface ExchangeOptions {
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  /** From the start of the dial to the end of the answer. */
  readonly timeoutMs: number;
  /**
   * Tries anew, once, when a kept-alive connection turns out to be closed. Only for what may arrive twice: the first
   * request may have been taken.
   */
  readonly repeatable: boolean;
  /** Gives the request out, so that it can be destroyed from outside. */
  readonly onRequest?: (request: ClientRequest) => void;
}

/** The longest answer of a query; member lists and texts are far below. */
const answerBytesMax = 16 * 1024 * 1024;

/** Makes the HTTP requests of one member to its peers: no redirects, no compression, HTTP/1.1 only. */
export class Dialer {
  readonly #tls: PeerTls | undefined;
  readonly #dialTimeoutMs: number;
  readonly #plain: PlainAgent;
  readonly #secure: SecureAgent;

  /** @param connectionsMax kept-alive connections per peer. */
  constructor(options: {
    readonly dialTimeoutMs: number;
    readonly tls?: PeerTls | undefined;
    readonly connectionsMax?: number;
  }) {
    this.#tls = options.tls;
    this.#dialTimeoutMs = options.dialTimeoutMs;
    const agent = {
      keepAlive: true,
      maxSockets: options.connectionsMax ?? 8,
      timeout: reuseWithinMs,
      scheduling: "lifo",
    } as const;
    this.#plain = new PlainAgent(agent);
    this.#secure = new SecureAgent(agent);
  }

  /**
   * Starts a request whose connection must be there within the dial timeout; its body and end are the caller's.
   * Errors come as the request's `error` event.
   *
   * @param connection `own` is one that ends with the request, and so is that of a tap, which decides where the body
   * of the answer goes.
   * @throws Error when `url` is none.
   */
  start(
    url: string,
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    connection: "kept" | "own" | BodyTap,
  ): ClientRequest {
    const target = parseTarget(url);
    if (target === undefined) throw new Error(`unsupported URL ${JSON.stringify(url)}`);
    const common = {
      method,
      path,
      headers: { ...headers, Host: target.authority },
      timeout: this.#dialTimeoutMs,
      ...(target.socketPath === undefined
        ? { hostname: target.hostname, port: target.port }
        : { socketPath: target.socketPath }),
    };
    const request = this.#request(target, common, connection);
    const tooLate = (): void => void request.destroy(new Error(`dial ${url}: i/o timeout`));
    request.once("timeout", tooLate);
    request.once("socket", (socket) => {
      const connected = (): void => {
        request.off("timeout", tooLate);
        socket.setTimeout(0);
      };
      socket.setNoDelay(true);
      socket.setKeepAlive(true, tcpKeepAliveMs);
      if (request.reusedSocket || !(target.secure || socket.connecting)) connected();
      else socket.once(target.secure ? "secureConnect" : "connect", connected);
    });
    return request;
  }

  #request(target: UrlTarget, common: RequestOptions, connection: "kept" | "own" | BodyTap): ClientRequest {
    if (typeof connection === "object") {
      const createConnection = (): Socket => this.#connectTapped(target, connection);
      return (target.secure ? secureRequest : plainRequest)({ ...common, createConnection });
    }
    if (!target.secure) return plainRequest({ ...common, agent: connection === "own" ? false : this.#plain });
    const agent = connection === "own" ? false : this.#secure;
    return secureRequest({ ...common, agent, ...this.#tlsOptions() });
  }

  #connectTapped(target: UrlTarget, tap: BodyTap): Socket {
    const { hostname, port, socketPath } = target;
    const where = socketPath === undefined ? { host: hostname, port } : { path: socketPath };
    const options = { ...where, timeout: this.#dialTimeoutMs, onread: tap.onread };
    const name = hostname === "" ? target.authority : hostname;
    const socket = target.secure
      ? secureConnect({
          ...options,
          ...this.#tlsOptions(),
          servername: isIP(name) === 0 ? name : "",
          ALPNProtocols: ["http/1.1"],
        })
      : connect(options);
    tap.attach(socket);
    return socket;
  }

  #tlsOptions(): ConnectionOptions {
    return this.#tls === undefined ? {} : clientTlsOptions(this.#tls);
  }

  /** Makes a request and reads the answer. */
  async exchange(url: string, method: string, path: string, options: ExchangeOptions): Promise<HttpAnswer> {
    try {
      return await this.#exchangeOnce(url, method, path, options);
    } catch (cause) {
      if (!options.repeatable || !(cause instanceof StaleConnectionError)) throw cause;
      return await this.#exchangeOnce(url, method, path, options);
    }
  }

  #exchangeOnce(url: string, method: string, path: string, options: ExchangeOptions): Promise<HttpAnswer> {
    return new Promise<HttpAnswer>((resolve, reject) => {
      const length = options.body === undefined ? {} : { "Content-Length": String(options.body.length) };
      const request = this.start(url, method, path, { ...options.headers, ...length }, "kept");
      options.onRequest?.(request);
      const timer = setTimeout(() => request.destroy(new Error(`${method} ${url}${path}: timeout`)), options.timeoutMs);
      const fail = (cause: Error): void => {
        clearTimeout(timer);
        const code = (cause as NodeJS.ErrnoException).code;
        const stale = request.reusedSocket && (code === "ECONNRESET" || code === "EPIPE");
        reject(stale ? new StaleConnectionError(cause.message, { cause }) : cause);
      };
      request.once("error", fail);
      request.once("response", (response) => {
        void readText(response).then((body) => {
          clearTimeout(timer);
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body });
        }, fail);
      });
      request.end(options.body);
    });
  }

  /** Closes connections that wait for a next request, and those that are in use. */
  close(): void {
    this.#plain.destroy();
    this.#secure.destroy();
  }
}

class StaleConnectionError extends Error {
  override readonly name = "StaleConnectionError";
}

/** Reads a short answer to its end; rejects when it is long or breaks off. */
export async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > answerBytesMax) throw new Error("the answer is too long");
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString("utf8");
}
