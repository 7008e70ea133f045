import { createServer, type RequestListener, type Server as HttpServer } from "node:http";
import { createServer as createTcpServer } from "node:net";
import {
  AuthMethods,
  ClusterMethods,
  HealthMethods,
  KVMethods,
  LeaseMethods,
  MaintenanceMethods,
  WatchMethods,
} from "@quorate/api";
import { hexId, type MemberId } from "@quorate/base";
import { GrpcServer, refuseHttp } from "@quorate/grpc";
import {
  type ClusterDirectory,
  Member,
  type MemberOptions,
  type MemberPorts,
  type StopReason,
  Storage,
} from "@quorate/member";
import { type PeerTls, PeerTransport } from "@quorate/peer";
import { NodeClock, NodeDisk, NodeRandom } from "@quorate/platform";
import { CallMetrics } from "./call-metrics.ts";
import { createDirectory } from "./directory.ts";
import { etcdVersion, type ServerConfig } from "./flags/index.ts";
import { type ExtraListener, listenHttp, metricsOnly } from "./http/extra-listener.ts";
import { HttpConnections } from "./http/connections.ts";
import { HealthCounters } from "./http/health.ts";
import { Router } from "./http/router.ts";
import type { ZapLogger } from "./logger.ts";
import { LoopMonitor } from "./loop-monitor.ts";
import { exponentialBounds, Histogram } from "./metrics.ts";
import { metricsText } from "./metrics-text.ts";
import { memberOptions } from "./member-options.ts";
import { MemberPeerHost } from "./peer-host.ts";
import type { CallContext } from "./services/calls.ts";
import { registerCluster } from "./services/cluster.ts";
import { Headers } from "./services/header.ts";
import { registerHealth } from "./services/health.ts";
import { KvService } from "./services/kv.ts";
import { registerMaintenance } from "./services/maintenance.ts";
import { clientTls, peerTls } from "./tls.ts";

/** Services whose methods show in metrics from the start, as in etcd. */
const countedServices = [
  KVMethods,
  WatchMethods,
  LeaseMethods,
  ClusterMethods,
  AuthMethods,
  MaintenanceMethods,
  HealthMethods,
];
const grpcOverheadBytes = 512 * 1024;
/** Calls at a time on one connection, whatever the flag allows: without a bound one client could take all memory. */
const concurrentStreamsMax = 20_000;

/** One running server: a member with its listeners. */
export class QuorateServer {
  readonly member: Member;
  readonly config: ServerConfig;
  readonly #logger: ZapLogger;
  readonly #transport: PeerTransport;
  readonly #grpc: GrpcServer;
  readonly #http: HttpServer;
  readonly #httpConnections: HttpConnections;
  readonly #loop: LoopMonitor;
  readonly #extra: ExtraListener[] = [];
  readonly #walSync: Histogram;
  readonly #backendCommit: Histogram;
  readonly #roundTrips: Map<MemberId, Histogram> = new Map();
  #closing: Promise<void> | undefined;

  private constructor(
    config: ServerConfig,
    logger: ZapLogger,
    storage: Storage,
    parts: ServerParts,
    onStop: (reason: StopReason) => void,
  ) {
    this.config = config;
    this.#logger = logger;
    this.#walSync = parts.walSync;
    this.#backendCommit = parts.backendCommit;
    this.#transport = new PeerTransport(
      new MemberPeerHost({
        memberId: storage.memberId,
        clusterId: storage.clusterId,
        peerUrls: config.initialAdvertisePeerUrls.map((url) => url.text),
        member: () => this.member,
        versionJson: () => this.#versionJson(),
      }),
      {
        clock: parts.ports.clock,
        logger: logger.for("rafthttp/transport.go:1"),
        dialTimeoutMs: 1000 + config.electionTimeoutMs,
        onRoundTrip: (peer, ms) => this.#observeRoundTrip(peer, ms),
        ...(parts.tls === undefined ? {} : { tls: parts.tls }),
      },
    );
    this.member = new Member(parts.options, parts.ports, storage, this.#transport, onStop);
    this.#loop = new LoopMonitor();
    const calls = new CallMetrics();
    calls.declare(countedServices.flatMap((service): string[] => Object.values(service)));
    const health = new HealthCounters();
    const router = new Router({
      member: this.member,
      logger,
      health,
      enableV2: config.enableV2,
      cors: config.cors,
      versionJson: () => this.#versionJson(),
      metricsText: () =>
        metricsText({
          member: this.member,
          grpc: this.#grpc,
          calls,
          health,
          loop: this.#loop,
          quotaBytes: config.quotaBackendBytes,
          walSync: this.#walSync,
          backendCommit: this.#backendCommit,
          transport: this.#transport,
          roundTrips: this.#roundTrips,
        }),
    });
    this.#http = createServer(router.handle);
    this.#httpConnections = new HttpConnections(this.#http, parts.ports.clock);
    this.#grpc = new GrpcServer({
      observer: calls,
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
    this.#register(onStop);
  }

  #register(onStop: (reason: StopReason) => void): void {
    const context: CallContext = {
      member: this.member,
      logger: this.#logger,
      onFatal: (error) => onStop({ kind: "fatal", error }),
    };
    const headers = new Headers(this.member);
    const kv = new KvService(context, headers);
    kv.register(this.#grpc);
    this.member.storage.events.onQuotaExceeded = () => kv.raiseNoSpace();
    this.#followClusterVersion();
    registerCluster(this.#grpc, context, headers);
    registerMaintenance(this.#grpc, context, headers, this.config.quotaBackendBytes);
    registerHealth(this.#grpc, context);
  }

  /** Tells of the cluster version in etcd's words: tools wait for them. */
  #followClusterVersion(): void {
    const { member } = this;
    const facts = { "cluster-id": hexId(member.clusterId), "local-member-id": hexId(member.id) };
    const short = (version: string): string => version.replace(/\.0$/, "");
    let known = member.machine.membership.clusterVersion;
    const enabled = (version: string): void => {
      this.#logger.log("info", "enabled capabilities for version", { "cluster-version": short(version) });
    };
    if (known !== "") enabled(known);
    member.storage.events.onClusterVersion = (version) => {
      if (known === "") {
        this.#logger.log("info", "set initial cluster version", { ...facts, "cluster-version": short(version) });
      } else {
        this.#logger.log("info", "updated cluster version", { ...facts, from: short(known), to: short(version) });
      }
      known = version;
      enabled(version);
    };
  }

  /**
   * Opens the data directory, starts the member and its peer listeners. Clients are served after `serveClients`.
   *
   * @param onStop called once when the member stops by itself.
   * @throws BootError or the listener's error, one line for the operator.
   */
  static async start(
    config: ServerConfig,
    logger: ZapLogger,
    onStop: (reason: StopReason) => void,
  ): Promise<QuorateServer> {
    await checkAddresses(config);
    const tls = peerTls(config);
    const walSync = new Histogram(exponentialBounds(0.001, 2, 14));
    const backendCommit = new Histogram(exponentialBounds(0.001, 2, 14));
    const clock = new NodeClock();
    const ports: MemberPorts = {
      clock,
      random: new NodeRandom(),
      disk: new NodeDisk(),
      logger: logger.for("etcdserver/server.go:1", "raft"),
      directory: createDirectory(clock, logger, tls) satisfies ClusterDirectory,
      observer: {
        onWalSync: (ms) => walSync.observe(ms / 1000),
        onBackendCommit: (ms) => backendCommit.observe(ms / 1000),
      },
    };
    const options = memberOptions(config, ports.disk);
    const storage = await Storage.open(options, { ...ports, logger });
    const server = new QuorateServer(config, logger, storage, { options, ports, tls, walSync, backendCommit }, onStop);
    try {
      logger.log("info", "starting etcd server", {
        "local-member-id": hexId(storage.memberId),
        "local-server-version": etcdVersion,
        "cluster-id": hexId(storage.clusterId),
        "cluster-version": storage.machine.membership.clusterVersion || "to_be_decided",
      });
      const listening = await server.#transport.listen(config.listenPeerUrls.map((url) => url.text));
      const listeners = {
        "local-member-id": hexId(storage.memberId),
        "initial-advertise-peer-urls": config.initialAdvertisePeerUrls.map((url) => url.text),
        "listen-peer-urls": config.listenPeerUrls.map((url) => url.text),
        "advertise-client-urls": config.advertiseClientUrls.map((url) => url.text),
        "listen-client-urls": config.listenClientUrls.map((url) => url.text),
        "listen-metrics-urls": config.listenMetricsUrls.map((url) => url.text),
      };
      logger.log("info", "now serving peer/client/metrics", listeners);
      for (const address of listening.addresses) logger.log("info", "serving peer traffic", { address });
    } catch (error) {
      await server.#transport.close();
      await storage.close();
      throw error;
    }
    server.member.start();
    return server;
  }

  /** Waits until the member has published itself, then opens the client listeners. */
  async serveClients(): Promise<void> {
    await this.member.duties.whenPublished();
    if (this.#closing !== undefined) return;
    const tls = clientTls(this.config);
    for (const url of this.config.listenClientUrls) {
      const secure = url.scheme === "https" || url.scheme === "unixs";
      const address =
        url.scheme === "unix" || url.scheme === "unixs" ? { path: url.host } : { host: url.host, port: url.port };
      if (secure && tls !== undefined) await this.#grpc.listenTls(address, tls, { enforcePingInterval: false });
      else await this.#grpc.listen(address);
      this.#logger.log("info", "ready to serve client requests");
      const words = secure
        ? "serving client traffic securely"
        : "serving client traffic insecurely; this is strongly discouraged!";
      this.#logger.log("info", words, { traffic: "grpc+http", address: url.text.replace(/^\w+:\/\//, "") });
    }
    const all: RequestListener = (req, res) => this.#http.emit("request", req, res);
    for (const url of this.config.listenClientHttpUrls) this.#extra.push(await listenHttp(url, tls, all));
    for (const url of this.config.listenMetricsUrls) this.#extra.push(await listenHttp(url, tls, metricsOnly(all)));
  }

  #observeRoundTrip(peer: MemberId, ms: number): void {
    let histogram = this.#roundTrips.get(peer);
    if (histogram === undefined) {
      histogram = new Histogram(exponentialBounds(0.0001, 2, 16));
      this.#roundTrips.set(peer, histogram);
    }
    histogram.observe(ms / 1000);
  }

  #versionJson(): string {
    const { membership, progress } = this.member.machine;
    return JSON.stringify({
      etcdserver: this.member.version,
      etcdcluster: membership.clusterVersion === "" ? "not_decided" : membership.clusterVersion,
      storage: progress.storageVersion === "" ? "unknown" : progress.storageVersion,
    });
  }

  /** Stops in etcd's order: clients, leadership, raft and storage, peers. Idempotent. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    const facts = { name: this.config.name, "data-dir": this.config.dataDir };
    this.#logger.log("info", "closing etcd server", facts);
    this.#httpConnections.close();
    for (const http of this.#extra) {
      http.close();
      http.closeAllConnections();
    }
    const clients = this.#grpc.close({ graceMs: 500 });
    await this.member.leadership.handOver();
    await clients;
    await this.member.stop();
    await this.#transport.close();
    this.#loop.stop();
    this.#logger.log("info", "closed etcd server", facts);
  }
}

interface ServerParts {
  readonly options: MemberOptions;
  readonly ports: MemberPorts;
  readonly tls: PeerTls | undefined;
  readonly walSync: Histogram;
  readonly backendCommit: Histogram;
}

/** An address that cannot be had is told before anything is written to disk. */
async function checkAddresses(config: ServerConfig): Promise<void> {
  const groups = [
    ["--listen-peer-urls", config.listenPeerUrls],
    ["--listen-client-urls", config.listenClientUrls],
    ["--listen-client-http-urls", config.listenClientHttpUrls],
    ["--listen-metrics-urls", config.listenMetricsUrls],
  ] as const;
  for (const [flag, urls] of groups) {
    for (const url of urls) {
      if (url.scheme === "unix" || url.scheme === "unixs" || url.port === 0) continue;
      await new Promise<void>((resolve, reject) => {
        const probe = createTcpServer();
        probe.once("error", (error: NodeJS.ErrnoException) => {
          const why = error.code === "EADDRINUSE" ? "bind: address already in use" : error.message;
          reject(new Error(`${flag}: listen tcp ${url.host}:${url.port}: ${why}`));
        });
        probe.listen({ host: url.host, port: url.port, exclusive: true }, () => probe.close(() => resolve()));
      });
    }
  }
}
