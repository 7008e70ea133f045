import { type Clock, type Disk, hexId } from "@quorate/base";
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
import { ClientListeners } from "./client-listeners.ts";
import { logClusterVersion } from "./cluster-version-log.ts";
import { createDirectory } from "./directory.ts";
import { etcdVersion, type ServerConfig } from "./flags/index.ts";
import { Router } from "./http/router.ts";
import { checkAddresses } from "./listen-addresses.ts";
import type { ZapLogger } from "./logger.ts";
import { memberOptions } from "./member-options.ts";
import { ServerMetrics } from "./metrics/server-metrics.ts";
import { MemberPeerHost } from "./peer-host.ts";
import type { CallContext } from "./services/calls.ts";
import { registerCluster } from "./services/cluster.ts";
import { Headers } from "./services/header.ts";
import { registerHealth } from "./services/health.ts";
import { KvService } from "./services/kv.ts";
import { registerMaintenance } from "./services/maintenance.ts";
import { peerTls } from "./tls.ts";

/** Others than the owner can look into a data directory that exists: the operator may not want that. */
function warnOfMode(dataDir: string, disk: Disk, logger: ZapLogger): void {
  const info = disk.info(dataDir);
  if (info?.kind !== "directory" || (info.mode & 0o077) === 0) return;
  const mode = info.mode.toString(8).padStart(4, "0");
  const error = `--data-dir ${dataDir} has mode ${mode}; with 0700 its keys and values stay private`;
  logger.log("warn", "check file permission", { error });
}

/** What a server is made of, before it is one. */
interface ServerParts {
  readonly options: MemberOptions;
  readonly ports: MemberPorts;
  readonly storage: Storage;
  readonly tls: PeerTls | undefined;
  readonly metrics: ServerMetrics;
}

/** One running server: a member with its listeners. */
export class QuorateServer {
  readonly member: Member;
  readonly config: ServerConfig;
  readonly #logger: ZapLogger;
  readonly #transport: PeerTransport;
  readonly #listeners: ClientListeners;
  readonly #metrics: ServerMetrics;
  #closing: Promise<void> | undefined;

  private constructor(
    config: ServerConfig,
    logger: ZapLogger,
    { options, ports, storage, tls, metrics }: ServerParts,
    onStop: (reason: StopReason) => void,
  ) {
    this.config = config;
    this.#logger = logger;
    this.#metrics = metrics;
    const versionJson = (): string => this.#versionJson();
    const host = new MemberPeerHost({
      memberId: storage.memberId,
      clusterId: storage.clusterId,
      peerUrls: config.initialAdvertisePeerUrls.map((url) => url.text),
      member: () => this.member,
      metrics,
      versionJson,
    });
    this.#transport = new PeerTransport(host, {
      clock: ports.clock,
      logger: logger.for("rafthttp/transport.go:1"),
      dialTimeoutMs: 1000 + config.electionTimeoutMs,
      onRoundTrip: metrics.peers.onRoundTrip,
      ...(tls === undefined ? {} : { tls }),
    });
    this.member = new Member(options, ports, storage, metrics.snapshots.watching(this.#transport), onStop);
    const router = new Router({
      member: this.member,
      logger,
      health: metrics.health,
      enableV2: config.enableV2,
      cors: config.cors,
      hosts: config.hostWhitelist,
      versionJson,
      metricsText: () => this.#metricsText(),
    });
    this.#listeners = new ClientListeners(config, { router, logger, clock: ports.clock, observer: metrics.calls });
    // A removed member stays for the others' sake; to its own clients it has stopped.
    this.member.onRetired = () => {
      this.#listeners.close().catch((error: unknown) => onStop({ kind: "fatal", error }));
    };
    this.#register(ports.clock, onStop);
    logClusterVersion(this.member, logger);
  }

  #register(clock: Clock, onStop: (reason: StopReason) => void): void {
    const { grpc } = this.#listeners;
    const context: CallContext = {
      member: this.member,
      logger: this.#logger,
      clock,
      metrics: this.#metrics.requests,
      onFatal: (error) => onStop({ kind: "fatal", error }),
    };
    const headers = new Headers(this.member);
    const kv = new KvService(context, headers);
    kv.register(grpc);
    this.member.storage.events.onQuotaExceeded = () => kv.raiseNoSpace();
    registerCluster(grpc, context, headers);
    registerMaintenance(grpc, context, headers, this.config.quotaBackendBytes);
    registerHealth(grpc, context);
  }

  /**
   * Opens the data directory, starts the member and the listeners for peers and metrics. Clients are served after
   * `serveClients`.
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
    const metrics = new ServerMetrics();
    const clock = new NodeClock();
    clock.onTurn = (ms) => metrics.loop.onTurn(ms);
    const ports: MemberPorts = {
      clock,
      random: new NodeRandom(),
      disk: new NodeDisk(),
      logger: logger.for("etcdserver/server.go:1", "raft"),
      directory: createDirectory(clock, logger, tls) satisfies ClusterDirectory,
      observer: metrics.store.observer,
    };
    warnOfMode(config.dataDir, ports.disk, logger);
    const options = memberOptions(config, ports.disk);
    const storage = await Storage.open(options, { ...ports, logger });
    const server = new QuorateServer(config, logger, { options, ports, storage, tls, metrics }, onStop);
    try {
      await server.#listenToPeers();
      await server.#listeners.openMetrics();
    } catch (error) {
      await server.#listeners.close();
      await server.#transport.close();
      await storage.close();
      throw error;
    }
    server.member.start();
    return server;
  }

  async #listenToPeers(): Promise<void> {
    const { config, member } = this;
    const logger = this.#logger;
    const id = { "local-member-id": hexId(member.id) };
    logger.log("info", "starting etcd server", {
      ...id,
      "local-server-version": etcdVersion,
      "cluster-id": hexId(member.clusterId),
      "cluster-version": member.machine.membership.clusterVersion || "to_be_decided",
    });
    const listening = await this.#transport.listen(config.listenPeerUrls.map((url) => url.text));
    logger.log("info", "now serving peer/client/metrics", {
      ...id,
      "initial-advertise-peer-urls": config.initialAdvertisePeerUrls.map((url) => url.text),
      "listen-peer-urls": config.listenPeerUrls.map((url) => url.text),
      "advertise-client-urls": config.advertiseClientUrls.map((url) => url.text),
      "listen-client-urls": config.listenClientUrls.map((url) => url.text),
      "listen-metrics-urls": config.listenMetricsUrls.map((url) => url.text),
    });
    for (const address of listening.addresses) logger.log("info", "serving peer traffic", { address });
  }

  /** Waits until the member has published itself, then opens the client listeners. */
  async serveClients(): Promise<void> {
    await this.member.duties.whenPublished();
    if (this.#closing === undefined) await this.#listeners.open();
  }

  #metricsText(): string {
    return this.#metrics.text({
      member: this.member,
      grpc: this.#listeners.grpc,
      transport: this.#transport,
      config: this.config,
    });
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
    const clients = this.#listeners.close();
    await this.member.leadership.handOver();
    await clients;
    await this.member.stop();
    await this.#transport.close();
    this.#metrics.stop();
    this.#logger.log("info", "closed etcd server", facts);
  }
}
