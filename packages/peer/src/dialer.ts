import { Agent as PlainAgent, type ClientRequest, type IncomingMessage, request as plainRequest } from "node:http";
import { Agent as SecureAgent, request as secureRequest } from "node:https";
import { clientTlsOptions, type PeerTls } from "./tls.ts";
import { parseTarget } from "./urls.ts";

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
   * @param own uses a connection of its own, which ends with the request.
   * @throws Error when `url` is none.
   */
  start(
    url: string,
    method: string,
    path: string,
    headers: Readonly<Record<string, string>>,
    own: boolean,
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
    const secure = this.#tls === undefined ? {} : clientTlsOptions(this.#tls);
    const request = target.secure
      ? secureRequest({ ...common, agent: own ? false : this.#secure, ...secure })
      : plainRequest({ ...common, agent: own ? false : this.#plain });
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
      const request = this.start(url, method, path, { ...options.headers, ...length }, false);
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
