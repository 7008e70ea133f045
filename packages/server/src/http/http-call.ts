import type { IncomingMessage, ServerResponse } from "node:http";
import type { HttpExchange } from "@quorate/grpc";

/** One HTTP request and its answer, over HTTP/1.1 or HTTP/2. Header names are in lower case. */
export interface HttpCall {
  readonly method: string;
  /** Path and query, as sent. */
  readonly url: string;
  header(name: string): string | undefined;
  /** The body as text; undefined when it is longer than `bytesMax` or the caller went away. */
  body(bytesMax: number): Promise<string | undefined>;
  /** Adds a header to the answer, whatever it will be. */
  setHeader(name: string, value: string): void;
  /** Answers; only the first answer counts. A HEAD request gets no body. */
  answer(status: number, body: string, headers: Readonly<Record<string, string>>): void;
  /** Ends the exchange without a proper answer, when something broke in the middle. */
  abandon(): void;
  readonly answered: boolean;
  /** Fires when the caller is gone before it was answered. */
  readonly signal: AbortSignal;
}

/** A request that `node:http` took. */
export class NodeHttpCall implements HttpCall {
  readonly #req: IncomingMessage;
  readonly #res: ServerResponse;
  readonly #gone: AbortController = new AbortController();

  constructor(req: IncomingMessage, res: ServerResponse) {
    this.#req = req;
    this.#res = res;
    res.on("error", () => undefined);
    res.on("close", () => {
      if (!res.writableEnded) this.#gone.abort();
    });
  }

  get method(): string {
    return this.#req.method ?? "";
  }

  get url(): string {
    return this.#req.url ?? "/";
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  get answered(): boolean {
    return this.#res.headersSent || this.#res.destroyed;
  }

  header(name: string): string | undefined {
    const value = this.#req.headers[name];
    return Array.isArray(value) ? value[0] : value;
  }

  body(bytesMax: number): Promise<string | undefined> {
    const req = this.#req;
    return new Promise((resolve) => {
      const chunks: Buffer[] = [];
      let size = 0;
      req.on("data", (chunk: Buffer) => {
        size += chunk.length;
        if (size <= bytesMax) chunks.push(chunk);
        else resolve(undefined);
      });
      req.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
      req.on("error", () => resolve(undefined));
      req.on("close", () => resolve(undefined));
    });
  }

  setHeader(name: string, value: string): void {
    if (!this.answered) this.#res.setHeader(name, value);
  }

  answer(status: number, body: string, headers: Readonly<Record<string, string>>): void {
    if (this.answered) return;
    this.#res.writeHead(
      status,
      status === 204 ? headers : { ...headers, "Content-Length": String(Buffer.byteLength(body)) },
    );
    this.#res.end(this.method === "HEAD" ? undefined : body);
  }

  abandon(): void {
    this.#res.destroy();
  }
}

/** A request over HTTP/2 that is not gRPC. */
export class Http2Call implements HttpCall {
  readonly #exchange: HttpExchange;
  readonly #headers: (readonly [string, string])[] = [];
  readonly #gone: AbortController = new AbortController();
  answered = false;

  constructor(exchange: HttpExchange) {
    this.#exchange = exchange;
    exchange.onCancel(() => this.#gone.abort());
  }

  get method(): string {
    return this.#exchange.method;
  }

  get url(): string {
    return this.#exchange.path;
  }

  get signal(): AbortSignal {
    return this.#gone.signal;
  }

  header(name: string): string | undefined {
    return this.#exchange.fields.find((field) => field.name === name)?.value;
  }

  body(bytesMax: number): Promise<string | undefined> {
    const { body } = this.#exchange;
    return Promise.resolve(body.length > bytesMax ? undefined : Buffer.from(body).toString("utf8"));
  }

  setHeader(name: string, value: string): void {
    this.#headers.push([name.toLowerCase(), value]);
  }

  answer(status: number, body: string, headers: Readonly<Record<string, string>>): void {
    if (this.answered || this.#exchange.cancelled) return;
    this.answered = true;
    const list = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value] as const);
    const bytes = this.method === "HEAD" ? new Uint8Array(0) : Buffer.from(body, "utf8");
    this.#exchange.respond(status, [...this.#headers, ...list], bytes);
  }

  abandon(): void {
    this.answer(500, "", {});
  }
}
