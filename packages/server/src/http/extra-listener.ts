import { createServer, type RequestListener, type Server as HttpServer } from "node:http";
import { createServer as createSecureServer, type Server as HttpsServer } from "node:https";
import type { TlsOptions } from "node:tls";
import type { MemberUrl } from "../flags/index.ts";
import { listenOptions } from "../listen-addresses.ts";
import { NodeHttpCall } from "./http-call.ts";
import { sendError } from "./responses.ts";

/** A listener beside those that speak gRPC. */
export type ExtraListener = HttpServer | HttpsServer;

const metricsPath = /^\/(?:metrics|health|(?:livez|readyz)(?:\/[^/]*)?)(?:\?|$)/;

/** What a metrics listener answers of all that `handle` could: it is open to those who may not read keys. */
export function metricsOnly(handle: RequestListener): RequestListener {
  return (req, res) => {
    if (metricsPath.test(req.url ?? "")) handle(req, res);
    else sendError(new NodeHttpCall(req, res), 404, "404 page not found");
  };
}

/**
 * Listens for HTTP/1.1 alone.
 *
 * @param tls as for clients; needed where the URL is https, which the flags' checks have made sure of.
 * @throws the listener's error.
 */
export async function listenHttp(
  url: MemberUrl,
  tls: TlsOptions | undefined,
  handle: RequestListener,
): Promise<ExtraListener> {
  const secure = url.scheme === "https" || url.scheme === "unixs";
  if (secure && tls === undefined) throw new Error(`${url.text}: there is no certificate to serve it with`);
  const server = secure ? createSecureServer(tls ?? {}, handle) : createServer(handle);
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(listenOptions(url), resolve);
  });
  return server;
}
