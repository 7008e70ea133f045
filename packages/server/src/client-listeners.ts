import { createServer, type RequestListener, type Server as HttpServer } from "node:http";
import type { Clock } from "@quorate/base";
import { GrpcServer, type GrpcServerObserver, refuseHttp } from "@quorate/grpc";
import type { MemberUrl, ServerConfig } from "./flags/index.ts";
import { HttpConnections } from "./http/connections.ts";
import { type ExtraListener, listenHttp, metricsOnly } from "./http/extra-listener.ts";
import type { Router } from "./http/router.ts";
import { listenOptions } from "./listen-addresses.ts";
import type { ZapLogger } from "./logger.ts";
import { clientTls } from "./tls.ts";

const grpcOverheadBytes = 512 * 1024;
/** Calls at a time on one connection, whatever the flag allows: without a bound one client could take all memory. */
const concurrentStreamsMax = 20_000;
/** How long calls under way may take to end when the listeners close. */
const closeGraceMs = 500;

const isSecure = ({ scheme }: MemberUrl): boolean => scheme === "https" || scheme === "unixs";

/** What clients connect to: gRPC and HTTP on one port, and listeners for HTTP or metrics alone. */
export class ClientListeners {
  readonly grpc: GrpcServer;
  readonly #config: ServerConfig;
  readonly #logger: ZapLogger;
  readonly #router: Router;
  readonly #http: HttpServer;
  readonly #httpConnections: HttpConnections;
  readonly #extra: ExtraListener[] = [];

  constructor(
    config: ServerConfig,
    parts: {
      readonly router: Router;
      readonly logger: ZapLogger;
      readonly clock: Clock;
      readonly observer: GrpcServerObserver;
    },
  ) {
    const { router } = parts;
    this.#router = router;
    this.#config = config;
    this.#logger = parts.logger;
    this.#http = createServer(router.handle);
    this.#httpConnections = new HttpConnections(this.#http, parts.clock);
    this.grpc = new GrpcServer({
      clock: parts.clock,
      observer: parts.observer,
      http1: this.#http,
      http2: (exchange) => (exchange.peer.isTls ? router.handleHttp2(exchange) : refuseHttp(exchange)),
      receiveMessageBytesMax: config.maxRequestBytes + grpcOverheadBytes,
      maxConcurrentStreams: Math.min(config.maxConcurrentStreams, concurrentStreamsMax),
      keepalive: {
        minPingIntervalMs: config.grpcKeepaliveMinTimeMs,
        timeMs: config.grpcKeepaliveIntervalMs,
        timeoutMs: config.grpcKeepaliveTimeoutMs,
      },
    });
  }

  readonly #handleHttp: RequestListener = (req, res) => this.#http.emit("request", req, res);

  /** Opens those for metrics and health alone, which answer from the start on. @throws the listener's error. */
  async openMetrics(): Promise<void> {
    const tls = clientTls(this.#config);
    const handle = metricsOnly(this.#router.handleFromAnywhere);
    for (const url of this.#config.listenMetricsUrls) {
      this.#extra.push(await listenHttp(url, tls, handle));
      this.#logger.log("info", "serving metrics", { address: url.text });
    }
  }

  /** Opens those that need a member which is ready. @throws the listener's error. */
  async open(): Promise<void> {
    const tls = clientTls(this.#config);
    for (const url of this.#config.listenClientUrls) {
      const address = listenOptions(url);
      if (isSecure(url) && tls !== undefined) await this.grpc.listenTls(address, tls, { enforcePingInterval: false });
      else await this.grpc.listen(address);
      this.#logger.log("info", "ready to serve client requests");
      const words = isSecure(url)
        ? "serving client traffic securely"
        : "serving client traffic insecurely; this is strongly discouraged!";
      this.#logger.log("info", words, { traffic: "grpc+http", address: url.text.replace(/^\w+:\/\//, "") });
    }
    for (const url of this.#config.listenClientHttpUrls) this.#extra.push(await listenHttp(url, tls, this.#handleHttp));
  }

  /** Ends HTTP at once. Resolves when the gRPC calls under way have ended. */
  async close(): Promise<void> {
    this.#httpConnections.close();
    for (const http of this.#extra) {
      http.close();
      http.closeAllConnections();
    }
    await this.grpc.close({ graceMs: closeGraceMs });
  }
}
