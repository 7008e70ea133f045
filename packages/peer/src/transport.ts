import type { IncomingMessage, ServerResponse } from "node:http";
import { type Clock, hexId, type Logger, type MemberId, noMember, type Timer } from "@quorate/base";
import { type Message, MessageType } from "@quorate/raft";
import { PeerActivity } from "./activity.ts";
import type { PeerContext, PeerTraffic } from "./context.ts";
import { Dialer } from "./dialer.ts";
import { PeerHandler } from "./handler.ts";
import type { PeerHost } from "./host.ts";
import { defaultLimits, type PeerLimits } from "./limits.ts";
import { type Listening, listen } from "./listener.ts";
import { Peer } from "./peer.ts";
import { Pipeline } from "./pipeline.ts";
import { type ProbeResult, Prober } from "./prober.ts";
import type { SnapshotDatabase } from "./snapshot-sender.ts";
import type { PeerTls } from "./tls.ts";
import { UrlPicker } from "./urls.ts";

export interface PeerTransportOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  /** How long a connection to a peer may take; etcd takes 1 s and the election timeout. */
  readonly dialTimeoutMs: number;
  readonly tls?: PeerTls;
  readonly limits?: Partial<PeerLimits>;
  /** Told how long each probe of a peer took there and back; for metrics. */
  readonly onRoundTrip?: (peer: MemberId, ms: number) => void;
}

interface PeerRecord {
  readonly peer: Peer;
  readonly prober: Prober;
}

interface RemoteRecord {
  readonly context: PeerContext;
  readonly pipeline: Pipeline;
}

/**
 * Carries raft's messages between this member and the others by etcd's peer protocol, and serves the peer listener.
 *
 * *Peers* are the members of the cluster; each dials the other's two streams. *Remotes* are senders that are no members
 * as far as this one knows yet; they are answered by posts only.
 */
export class PeerTransport {
  readonly #host: PeerHost;
  readonly #options: PeerTransportOptions;
  readonly #limits: PeerLimits;
  readonly #dialer: Dialer;
  readonly #handler: PeerHandler;
  readonly #peers: Map<MemberId, PeerRecord> = new Map();
  readonly #remotes: Map<MemberId, RemoteRecord> = new Map();
  readonly #listening: Set<Listening> = new Set();
  readonly #uploads: Set<Promise<void>> = new Set();
  #heartbeat: Timer | undefined;
  #closed = false;

  constructor(host: PeerHost, options: PeerTransportOptions) {
    this.#host = host;
    this.#options = options;
    this.#limits = { ...defaultLimits, ...options.limits };
    this.#dialer = new Dialer({ dialTimeoutMs: options.dialTimeoutMs, tls: options.tls });
    this.#handler = new PeerHandler({
      host,
      clock: options.clock,
      logger: options.logger,
      limits: this.#limits,
      peer: (id) => this.#peers.get(id)?.peer,
      addRemote: (id, urls) => this.addRemote(id, urls),
    });
    this.#beatLater();
  }

  /** Answers one request on the peer listener, whatever its path. */
  handler(request: IncomingMessage, response: ServerResponse): void {
    this.#handler.handle(request, response);
  }

  /**
   * Listens on each of `urls`; port 0 takes a free one.
   *
   * @throws Error that names the address, when one cannot be had; then none is.
   */
  async listen(urls: readonly string[]): Promise<Listening> {
    const listening = await listen(urls, {
      handler: (request, response) => this.handler(request, response),
      logger: this.#options.logger,
      limits: this.#limits,
      tls: this.#options.tls,
    });
    if (this.#closed) await listening.close();
    this.#listening.add(listening);
    return listening;
  }

  /** Starts to talk with a member; one that is there already keeps its URLs. */
  addPeer(id: MemberId, urls: readonly string[]): void {
    if (this.#closed || id === this.#host.memberId || this.#peers.has(id)) return;
    this.#dropRemote(id);
    const context = this.#contextFor(id, urls);
    const record = { peer: new Peer(context), prober: new Prober(context) };
    this.#peers.set(id, record);
    record.peer.start();
    record.prober.start();
    this.#options.logger.log("info", "added remote peer", {
      "local-member-id": hexId(this.#host.memberId),
      "remote-peer-id": hexId(id),
      "remote-peer-urls": urls,
    });
  }

  /** Ends all connections with a member at once; an unknown one is ignored. */
  removePeer(id: MemberId): void {
    const record = this.#peers.get(id);
    if (record === undefined) return;
    this.#peers.delete(id);
    record.prober.stop();
    record.peer.stop();
    this.#options.logger.log("info", "removed remote peer", {
      "local-member-id": hexId(this.#host.memberId),
      "removed-remote-peer-id": hexId(id),
    });
  }

  removeAllPeers(): void {
    for (const id of [...this.#peers.keys()]) this.removePeer(id);
  }

  /** Takes new URLs for the next connections; those that stand stay. */
  updatePeer(id: MemberId, urls: readonly string[]): void {
    this.#peers.get(id)?.peer.context.urls.update(urls);
  }

  /** Makes a sender that is no member, as far as we know, one that can be answered. */
  addRemote(id: MemberId, urls: readonly string[]): void {
    if (this.#closed || id === noMember || id === this.#host.memberId) return;
    if (this.#peers.has(id) || this.#remotes.has(id) || this.#host.isRemoved(id)) return;
    if (this.#remotes.size >= this.#limits.remotesMax) {
      const oldest = this.#remotes.keys().next();
      if (oldest.done !== true) this.#dropRemote(oldest.value);
    }
    const context = this.#contextFor(id, urls);
    this.#remotes.set(id, { context, pipeline: new Pipeline(context) });
  }

  /**
   * Queues messages, in order, for their receivers; those to nobody known are dropped. Never throws.
   * The members' answers depend on nothing but the messages, so nobody writes to their bytes afterwards.
   * Snapshots go by `sendSnapshot`; here one is reported as failed.
   */
  send(messages: readonly Message[]): void {
    for (const message of messages) {
      if (message.to === noMember) continue;
      if (message.type === MessageType.snap) {
        this.#host.reportSnapshot(message.to, false);
        continue;
      }
      const record = this.#peers.get(message.to);
      if (record !== undefined) record.peer.send(message);
      else if (!this.#closed) this.#sendToRemote(message);
    }
  }

  /** Uploads a snapshot; the outcome comes as `reportSnapshot`. The database is closed in any case. */
  sendSnapshot(message: Message, database: SnapshotDatabase): void {
    const record = this.#peers.get(message.to);
    if (record === undefined) {
      database.close();
      this.#host.reportSnapshot(message.to, false);
      return;
    }
    const upload = record.peer.sendSnapshot(message, database).finally(() => this.#uploads.delete(upload));
    this.#uploads.add(upload);
  }

  /** The clock's reading since when a peer has been reachable without a failure; 0 when it is not, or unknown. */
  activeSince(id: MemberId): number {
    return this.#peers.get(id)?.peer.context.activity.sinceMs() ?? 0;
  }

  /** Bytes and failures by peer, over streams and posts, since each was added; for metrics. */
  traffic(): (PeerTraffic & { readonly id: MemberId })[] {
    return [...this.#peers].map(([id, { peer }]) => ({ id, ...peer.context.traffic }));
  }

  /** What the last probe of a peer found; undefined for an unknown one. */
  probed(id: MemberId): ProbeResult | undefined {
    return this.#peers.get(id)?.prober.result();
  }

  /** Ends everything: listeners, streams, posts and uploads. Idempotent. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#heartbeat?.cancel();
    this.removeAllPeers();
    for (const id of [...this.#remotes.keys()]) this.#dropRemote(id);
    await Promise.all([...this.#uploads]);
    await Promise.all([...this.#listening].map((listening) => listening.close()));
    this.#dialer.close();
  }

  #contextFor(peerId: MemberId, urls: readonly string[]): PeerContext {
    const { clock, logger } = this.#options;
    return {
      host: this.#host,
      peerId,
      clock,
      logger,
      limits: this.#limits,
      dialer: this.#dialer,
      activity: new PeerActivity(clock, logger, peerId),
      urls: new UrlPicker(urls),
      onRoundTrip: this.#options.onRoundTrip,
      traffic: { sentBytes: 0, receivedBytes: 0, sendFailures: 0 },
    };
  }

  #sendToRemote(message: Message): void {
    const remote = this.#remotes.get(message.to);
    if (remote !== undefined && !remote.pipeline.enqueue(message)) this.#host.reportUnreachable(message.to);
  }

  #dropRemote(id: MemberId): void {
    this.#remotes.get(id)?.pipeline.stop();
    this.#remotes.delete(id);
  }

  #beatLater(): void {
    this.#heartbeat = this.#options.clock.startTimer(this.#limits.streamHeartbeatMs, () => {
      if (this.#closed) return;
      for (const { peer } of this.#peers.values()) peer.heartbeat();
      this.#beatLater();
    });
  }
}
