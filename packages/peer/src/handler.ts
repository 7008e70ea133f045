import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, hexId, type Logger, type MemberId, toMemberId } from "@quorate/base";
import { decodeMessage, type Message } from "@quorate/raft";
import { messageOf } from "./activity.ts";
import { BodyReader, TooLongError } from "./body-reader.ts";
import { inBackground, rethrowBug } from "./bugs.ts";
import type { StreamKind } from "./context.ts";
import { hashRevisionOf } from "./hash-request.ts";
import {
  clusterIdHeader,
  clusterIdMismatch,
  headerOf,
  parsePaddedId,
  peerUrlsHeader,
  raftTo,
  refusalOf,
  serverFrom,
  serverVersion,
} from "./headers.ts";
import type { PeerAnswer, PeerHost } from "./host.ts";
import { refusalToStep } from "./inbox.ts";
import type { PeerLimits } from "./limits.ts";
import type { Peer } from "./peer.ts";
import { type RequestPath, requestPath } from "./request-path.ts";
import { receiveSnapshot } from "./snapshot-receiver.ts";
import { parseTarget } from "./urls.ts";

/** What the listener's answers come from. */
export interface HandlerContext {
  readonly host: PeerHost;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits: PeerLimits;
  peer(id: MemberId): Peer | undefined;
  addRemote(id: MemberId, urls: readonly string[]): void;
}

const u64Max = 0xffff_ffff_ffff_ffffn;
const textPlain = "text/plain; charset=utf-8";
const json = "application/json";
const protobuf = "application/protobuf";
const learnersOnly = "/members/promote/";
const streams = "/raft/stream/";
const leases = "/leases";

type Exchange = (request: IncomingMessage, response: ServerResponse, path: string) => Promise<void> | void;

/** Serves every path of the peer listener, with etcd's statuses, headers and texts. */
export class PeerHandler {
  readonly #context: HandlerContext;
  readonly #routes: ReadonlyMap<string, readonly [method: string, Exchange]>;

  constructor(context: HandlerContext) {
    this.#context = context;
    const { host } = context;
    this.#routes = new Map<string, readonly [string, Exchange]>([
      ["/raft", ["POST", (request, response) => this.#onMessage(request, response)]],
      ["/raft/probing", ["", (_request, response) => this.#onProbe(response)]],
      ["/raft/snapshot", ["POST", (request, response) => this.#onSnapshot(request, response)]],
      ["/raft/stream", ["", (request, response) => redirect(request, response, streams)]],
      ["/members/promote", ["", (request, response) => redirect(request, response, learnersOnly)]],
      ["/members", ["GET", (_request, response) => this.#onMembers(response)]],
      ["/members/hashkv", ["GET", (request, response) => this.#onHashKv(request, response)]],
      [
        "/version",
        ["GET", (_request, response) => answer(response, { status: 200, body: host.versionJson(), contentType: json })],
      ],
      ["/downgrade/enabled", ["GET", (_request, response) => this.#onDowngradeEnabled(response)]],
      ["/leases", ["POST", (request, response, path) => this.#onLeases(request, response, path)]],
      ["/leases/internal", ["POST", (request, response, path) => this.#onLeases(request, response, path)]],
    ]);
  }

  handle(request: IncomingMessage, response: ServerResponse): void {
    response.on("error", () => undefined);
    const routed = this.#route(request, response).catch((cause: unknown) => {
      rethrowBug(cause);
      const { logger } = this.#context;
      logger.log("warn", "failed to answer a request on the peer listener", {
        path: request.url,
        error: messageOf(cause),
      });
      // As when a handler of etcd panics: the connection ends without an answer.
      response.destroy();
    });
    inBackground(routed);
  }

  async #route(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const target = requestPath(request.url ?? "/");
    if (target === undefined) {
      response.writeHead(400, { "Content-Type": textPlain, Connection: "close" }).end("400 Bad Request");
      return;
    }
    const { path } = target;
    const route = this.#routes.get(target.route) ?? this.#prefixRoute(target);
    if (route === undefined || (path.startsWith(leases) && this.#context.host.leases === undefined)) {
      answer(response, { status: 404, body: "404 page not found" });
      return;
    }
    const [method, exchange] = route;
    // Nobody waits for an idle connection while a request is worked on.
    request.socket.setTimeout(0);
    if (method === "" || request.method === method) await exchange(request, response, path);
    else {
      const allowed: Record<string, string> = path.startsWith(leases) ? {} : { Allow: method };
      answer(response, { status: 405, body: "Method Not Allowed" }, allowed);
    }
  }

  #prefixRoute({ route }: RequestPath): readonly [string, Exchange] | undefined {
    if (route.startsWith(streams)) return ["GET", (request, response, path) => this.#onStream(request, response, path)];
    if (route.startsWith(learnersOnly)) {
      return ["POST", (request, response, path) => this.#onPromote(request, response, path)];
    }
    return undefined;
  }

  #clusterHeaders(): Record<string, string> {
    return { [clusterIdHeader]: hexId(this.#context.host.clusterId) };
  }

  async #onMessage(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host, clock, limits } = this.#context;
    const headers = this.#clusterHeaders();
    const refusal = refusalOf(request.headersDistinct, host);
    if (refusal !== undefined) return answer(response, { status: 412, body: refusal }, headers);
    this.#noteSender(request);
    let bytes: Uint8Array;
    try {
      bytes = await new BodyReader(request, clock, limits.readTimeoutMs).all(limits.postBytesMax);
    } catch {
      return answer(response, { status: 400, body: "error reading raft message" }, headers);
    }
    let message: Message;
    try {
      message = decodeMessage(bytes);
    } catch {
      return answer(response, { status: 400, body: "error unmarshalling raft message" }, headers);
    }
    try {
      const refused = refusalToStep(host, message);
      if (refused !== undefined) throw new Error(refused);
      await host.step(message);
    } catch (cause) {
      rethrowBug(cause);
      this.#context.logger.log("warn", "failed to process Raft message", {
        from: hexId(message.from),
        error: messageOf(cause),
      });
      return answer(
        response,
        { status: 500, body: "error processing raft message" },
        { ...headers, Connection: "close" },
      );
    }
    response.writeHead(204, headers).end();
  }

  async #onSnapshot(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host, clock, logger, limits } = this.#context;
    const headers = this.#clusterHeaders();
    const refusal = refusalOf(request.headersDistinct, host);
    if (refusal !== undefined)
      return answer(response, { status: 412, body: refusal }, { ...headers, Connection: "close" });
    this.#noteSender(request);
    const body = new BodyReader(request, clock, limits.readTimeoutMs);
    const outcome = await receiveSnapshot(body, host, limits.snapshotMessageBytesMax);
    const from = headerOf(request.headersDistinct, serverFrom) ?? "";
    if (outcome.status === 204) {
      logger.log("info", "received and saved database snapshot", { "remote-peer-id": from });
      response.writeHead(204, headers).end();
      return;
    }
    logger.log("warn", "failed to receive database snapshot", { "remote-peer-id": from, error: outcome.text });
    answer(response, { status: outcome.status, body: outcome.text }, { ...headers, Connection: "close" });
  }

  #onStream(request: IncomingMessage, response: ServerResponse, path: string): void {
    const { host } = this.#context;
    const headers = { ...this.#clusterHeaders(), [serverVersion]: host.serverVersion };
    const refuse = (status: number, body: string): void => answer(response, { status, body }, headers);
    const refusal = refusalOf(request.headersDistinct, host);
    if (refusal !== undefined) return refuse(412, refusal);
    const slash = path.lastIndexOf("/");
    const kind = kindOf(path.slice(0, slash));
    if (kind === undefined) return refuse(404, "invalid path");
    const from = parsePaddedId(path.slice(slash + 1));
    if (from === undefined) return refuse(404, "invalid from");
    const id = toMemberId(from);
    if (host.isRemoved(id)) return refuse(410, "removed member");
    const peer = this.#context.peer(id);
    if (peer === undefined) {
      this.#noteSender(request, id);
      return refuse(404, "error sender not found");
    }
    if (headerOf(request.headersDistinct, raftTo) !== hexId(host.memberId)) return refuse(412, "to field mismatch");
    response.writeHead(200, headers);
    response.flushHeaders();
    peer.attach(kind, response);
  }

  /** Makes a sender that says who and where it is one that can be answered. */
  #noteSender(request: IncomingMessage, id?: MemberId): void {
    const from = id ?? parsePaddedId(headerOf(request.headersDistinct, serverFrom) ?? "");
    const urls = (headerOf(request.headersDistinct, peerUrlsHeader) ?? "").split(",");
    if (from === undefined || urls.some((url) => parseTarget(url) === undefined)) return;
    this.#context.addRemote(toMemberId(from), urls);
  }

  #onProbe(response: ServerResponse): void {
    const now = new Date(this.#context.clock.wallMs()).toISOString();
    response.writeHead(200, { "Content-Type": textPlain }).end(`{"OK":true,"Now":"${now}"}\n`);
  }

  #onMembers(response: ServerResponse): void {
    const body = `${this.#context.host.membersJson().trimEnd()}\n`;
    answer(response, { status: 200, body, contentType: json }, this.#clusterHeaders());
  }

  async #onPromote(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const text = path.slice(learnersOnly.length);
    const headers = this.#clusterHeaders();
    const digits = /^0*(\d{1,20})$/.exec(text)?.[1];
    const id = digits === undefined ? undefined : BigInt(digits);
    if (id === undefined || id > u64Max) {
      return answer(response, { status: 404, body: `member ${text} not found in cluster` }, headers);
    }
    answer(response, await this.#context.host.promote(toMemberId(id), request.headers.authorization), headers);
  }

  async #onDowngradeEnabled(response: ServerResponse): Promise<void> {
    const headers = this.#clusterHeaders();
    try {
      const body = await this.#context.host.downgradeEnabled();
      answer(response, { status: 200, body, contentType: "text/plain" }, headers);
    } catch (cause) {
      answer(response, { status: 500, body: `failed linearized read: ${messageOf(cause)}` }, headers);
    }
  }

  async #onHashKv(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { host, clock, limits } = this.#context;
    const cluster = headerOf(request.headersDistinct, clusterIdHeader) ?? "";
    if (cluster !== "" && cluster !== hexId(host.clusterId)) {
      return answer(response, { status: 412, body: clusterIdMismatch });
    }
    let bytes: Uint8Array;
    try {
      bytes = await new BodyReader(request, clock, limits.readTimeoutMs).all(limits.queryBytesMax);
    } catch {
      return answer(response, { status: 400, body: "error reading body" });
    }
    const revision = hashRevisionOf(Buffer.from(bytes).toString("utf8"));
    if (revision === undefined) return answer(response, { status: 400, body: "error unmarshalling request" });
    const result = await host.hashKv(revision);
    // Beside a refusal etcd does not say whose it is.
    answer(response, result, result.status === 200 ? this.#clusterHeaders() : {});
  }

  async #onLeases(request: IncomingMessage, response: ServerResponse, path: string): Promise<void> {
    const { host, clock, limits } = this.#context;
    let bytes: Uint8Array;
    try {
      bytes = await new BodyReader(request, clock, limits.readTimeoutMs).all(limits.queryBytesMax);
    } catch (cause) {
      const tooLong = cause instanceof TooLongError;
      return answer(
        response,
        tooLong ? { status: 413, body: "request body too large" } : { status: 400, body: "error reading body" },
      );
    }
    const result = await host.leases?.(path, bytes);
    if (result === undefined) return;
    if (typeof result.body === "string") return answer(response, { status: result.status, body: result.body });
    response.writeHead(result.status, { "Content-Type": protobuf }).end(result.body);
  }
}

function kindOf(parent: string): StreamKind | undefined {
  if (parent === "/raft/stream/message") return "message";
  return parent === "/raft/stream/msgapp" ? "msgapp" : undefined;
}

/** Sends an answer; without a content type it is the text of an error, as Go's servers send it. */
function answer(
  response: ServerResponse,
  { status, body, contentType }: PeerAnswer,
  extra: Record<string, string> = {},
): void {
  const text = contentType === undefined ? `${body}\n` : body;
  const type: Record<string, string> =
    contentType === undefined
      ? { "Content-Type": textPlain, "X-Content-Type-Options": "nosniff" }
      : { "Content-Type": contentType };
  response.writeHead(status, { ...extra, ...type, "Content-Length": String(Buffer.byteLength(text)) });
  response.end(text);
}

/** Sends a client on to `path`, with the query that it has, as Go's servers do. */
function redirect(request: IncomingMessage, response: ServerResponse, path: string): void {
  const { url = "", method } = request;
  const query = url.indexOf("?");
  const location = query === -1 ? path : path + url.slice(query);
  const type: Record<string, string> =
    method === "GET" || method === "HEAD" ? { "Content-Type": "text/html; charset=utf-8" } : {};
  response.writeHead(301, { Location: location, ...type });
  response.end(method === "GET" ? `<a href="${escapeHtml(location)}">Moved Permanently</a>.\n\n` : "");
}

const htmlEscapes: Readonly<Record<string, string>> = {
  "&": "&amp;",
  "<": "&lt;",
  ">": "&gt;",
  '"': "&#34;",
  "'": "&#39;",
};

function escapeHtml(text: string): string {
  return text.replaceAll(/[&<>"']/g, (character) => htmlEscapes[character] as string);
}
