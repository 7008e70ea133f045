import type { IncomingMessage, ServerResponse } from "node:http";
import { TLSSocket } from "node:tls";
import type { Logger } from "@quorate/base";
import type { HttpExchange } from "@quorate/grpc";
import type { Member } from "@quorate/member";
import type { HealthCounters } from "../metrics/health.ts";
import { handleHealth, handleProbe } from "./health.ts";
import { type HttpCall, Http2Call, NodeHttpCall } from "./http-call.ts";
import { allowMethods, sendError, sendJson, sendText } from "./responses.ts";
import { handleV2Members } from "./v2-members.ts";

/** What the HTTP side of a client listener serves. */
export interface RouterParts {
  readonly member: Member;
  readonly logger: Logger;
  readonly health: HealthCounters;
  readonly enableV2: boolean;
  readonly cors: readonly string[];
  /** Names that requests without TLS may give for this host; `*` stands for all. */
  readonly hosts: readonly string[];
  versionJson(): string;
  metricsText(): string;
}

const allowedMethods = "POST, GET, OPTIONS, PUT, DELETE";
const allowedHeaders = "accept, content-type, authorization";

/** The host of a `Host` header, without its port. */
const hostName = (header: string): string => header.replace(/:\d*$/, "").replace(/^\[(.*)\]$/, "$1");

/** Answers HTTP requests that are not gRPC, by path. */
export class Router {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  /** Answers a request over HTTP/1.1. */
  readonly handle = (req: IncomingMessage, res: ServerResponse): void => {
    const call = new NodeHttpCall(req, res);
    if (req.socket instanceof TLSSocket || this.#isHost(call.header("host") ?? "")) this.#take(call);
    else sendText(call, 421, "--host-whitelist does not hold the name by which this request calls its host.\n");
  };

  /** Answers as `handle` does, whatever the request calls this host; for listeners that show nothing of value. */
  readonly handleFromAnywhere = (req: IncomingMessage, res: ServerResponse): void =>
    this.#take(new NodeHttpCall(req, res));

  /** Answers a request over HTTP/2 that is not gRPC, as TLS listeners have them. */
  readonly handleHttp2 = (exchange: HttpExchange): void => this.#take(new Http2Call(exchange));

  /** A page of another site, whose name was made to point here, is told apart by the name that it asks for. */
  #isHost(header: string): boolean {
    const { hosts, logger } = this.#parts;
    const host = hostName(header);
    if (hosts.length === 0 || hosts.includes("*") || hosts.includes(host)) return true;
    logger.log("warn", "rejecting HTTP request to prevent DNS rebinding attacks", { host });
    return false;
  }

  #take(call: HttpCall): void {
    this.#route(call).catch((error: unknown) => {
      this.#parts.logger.log("warn", "an HTTP request failed", { path: call.url, error: String(error) });
      if (call.answered) call.abandon();
      else sendError(call, 500, "Internal Server Error");
    });
  }

  async #route(call: HttpCall): Promise<void> {
    const { member, health } = this.#parts;
    const at = new URL(call.url, "http://localhost");
    const path = at.pathname;
    this.#cors(call);
    if (call.method === "OPTIONS") {
      call.answer(200, "", {});
    } else if (path === "/version") {
      if (allowMethods(call, "GET")) sendJson(call, 200, this.#parts.versionJson());
    } else if (path === "/health") {
      await handleHealth(member, health, call, at.searchParams);
    } else if (path === "/livez" || path.startsWith("/livez/")) {
      await handleProbe(member, health, "livez", path === "/livez" ? undefined : path.slice(7), call, at.searchParams);
    } else if (path === "/readyz" || path.startsWith("/readyz/")) {
      await handleProbe(
        member,
        health,
        "readyz",
        path === "/readyz" ? undefined : path.slice(8),
        call,
        at.searchParams,
      );
    } else if (path === "/metrics") {
      if (allowMethods(call, "GET")) {
        call.answer(200, this.#parts.metricsText(), { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" });
      }
    } else if (this.#parts.enableV2 && (path === "/v2/members" || path.startsWith("/v2/members/"))) {
      await handleV2Members(member, path, call);
    } else {
      sendError(call, 404, "404 page not found");
    }
  }

  #cors(call: HttpCall): void {
    const origin = call.header("origin");
    const { cors } = this.#parts;
    const any = cors.includes("*");
    if (!any && (origin === undefined || !cors.includes(origin))) return;
    call.setHeader("Access-Control-Allow-Methods", allowedMethods);
    call.setHeader("Access-Control-Allow-Origin", any ? "*" : (origin as string));
    call.setHeader("Access-Control-Allow-Headers", allowedHeaders);
  }
}
