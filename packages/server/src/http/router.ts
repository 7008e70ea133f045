import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "@quorate/base";
import type { Member } from "@quorate/member";
import { type HealthCounters, handleHealth, handleProbe } from "./health.ts";
import { allowMethods, send, sendError, sendJson } from "./responses.ts";
import { handleV2Members } from "./v2-members.ts";

/** What the HTTP side of a client listener serves. */
export interface RouterParts {
  readonly member: Member;
  readonly logger: Logger;
  readonly health: HealthCounters;
  readonly enableV2: boolean;
  readonly cors: readonly string[];
  versionJson(): string;
  metricsText(): string;
}

const allowedMethods = "POST, GET, OPTIONS, PUT, DELETE";
const allowedHeaders = "accept, content-type, authorization";

/** Answers HTTP requests that are not gRPC, by path. */
export class Router {
  readonly #parts: RouterParts;

  constructor(parts: RouterParts) {
    this.#parts = parts;
  }

  readonly handle = (req: IncomingMessage, res: ServerResponse): void => {
    this.#route(req, res).catch((error: unknown) => {
      this.#parts.logger.log("warn", "an HTTP request failed", { path: req.url, error: String(error) });
      if (res.headersSent) res.destroy();
      else sendError(res, 500, "Internal Server Error");
    });
  };

  async #route(req: IncomingMessage, res: ServerResponse): Promise<void> {
    const { member, health } = this.#parts;
    const at = new URL(req.url ?? "/", "http://localhost");
    const path = at.pathname;
    this.#cors(req, res);
    if (req.method === "OPTIONS") {
      send(res, 200, "");
      return;
    }
    if (path === "/version") {
      if (allowMethods(req, res, "GET")) sendJson(res, 200, this.#parts.versionJson());
    } else if (path === "/health") {
      await handleHealth(member, health, req, res, at.searchParams);
    } else if (path === "/livez" || path.startsWith("/livez/")) {
      await handleProbe(member, health, "livez", path.slice(7), req, res, at.searchParams);
    } else if (path === "/readyz" || path.startsWith("/readyz/")) {
      await handleProbe(member, health, "readyz", path.slice(8), req, res, at.searchParams);
    } else if (path === "/metrics") {
      if (allowMethods(req, res, "GET")) {
        send(res, 200, this.#parts.metricsText(), { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" });
      }
    } else if (this.#parts.enableV2 && (path === "/v2/members" || path.startsWith("/v2/members/"))) {
      await handleV2Members(member, path, req, res);
    } else {
      sendError(res, 404, "404 page not found");
    }
  }

  #cors(req: IncomingMessage, res: ServerResponse): void {
    const { origin } = req.headers;
    const { cors } = this.#parts;
    const any = cors.includes("*");
    if (!any && (origin === undefined || !cors.includes(origin))) return;
    res.setHeader("Access-Control-Allow-Methods", allowedMethods);
    res.setHeader("Access-Control-Allow-Origin", any ? "*" : (origin as string));
    res.setHeader("Access-Control-Allow-Headers", allowedHeaders);
  }
}
