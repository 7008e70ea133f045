import {
  AuthMethods,
  ClusterMethods,
  HealthMethods,
  KVMethods,
  LeaseMethods,
  MaintenanceMethods,
  WatchMethods,
} from "@quorate/api";
import type { GrpcServer } from "@quorate/grpc";
import type { Member } from "@quorate/member";
import type { PeerTransport } from "@quorate/peer";
import type { ServerConfig } from "../flags/index.ts";
import { CallMetrics } from "./calls.ts";
import { MetricsWriter } from "./exposition.ts";
import { HealthCounters } from "./health.ts";
import { LoopMonitor } from "./loop.ts";
import { serverMetrics } from "./member.ts";
import { PeerMetrics } from "./peers.ts";
import { processMetrics } from "./process.ts";
import { RequestMetrics } from "./requests.ts";
import { SnapshotMetrics } from "./snapshots.ts";
import { StoreMetrics } from "./store.ts";

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

/** The parts that a scrape reads from. */
export interface MetricsSources {
  readonly member: Member;
  readonly grpc: GrpcServer;
  readonly transport: PeerTransport;
  readonly config: ServerConfig;
}

/** What a server counts and times while it runs, and the page of it that a scrape gets: etcd's metrics, and ours of the loop. */
export class ServerMetrics {
  readonly calls: CallMetrics = new CallMetrics();
  readonly health: HealthCounters = new HealthCounters();
  readonly store: StoreMetrics = new StoreMetrics();
  readonly requests: RequestMetrics = new RequestMetrics();
  readonly snapshots: SnapshotMetrics = new SnapshotMetrics();
  readonly peers: PeerMetrics = new PeerMetrics();
  readonly loop: LoopMonitor = new LoopMonitor();
  #scrapes = 0;

  constructor() {
    this.calls.declare(countedServices.flatMap((service): string[] => Object.values(service)));
  }

  /** The page, in Prometheus' text format. */
  text({ member, grpc, transport, config }: MetricsSources): string {
    const w = new MetricsWriter();
    serverMetrics(w, member, config);
    this.store.write(w, member);
    this.calls.write(w, grpc.bytes());
    this.peers.write(w, member.id, transport);
    this.requests.write(w);
    this.snapshots.write(w);
    this.health.write(w);
    this.#writeScrapes(w);
    processMetrics(w);
    this.loop.write(w);
    return w.text();
  }

  /** The scrape that is being answered counts for the next one. */
  #writeScrapes(w: MetricsWriter): void {
    w.metric("promhttp_metric_handler_requests_total", "counter", "Total number of scrapes by HTTP status code.", [
      [{ code: "200" }, this.#scrapes],
      [{ code: "500" }, 0],
      [{ code: "503" }, 0],
    ]);
    w.gauge("promhttp_metric_handler_requests_in_flight", "Current number of scrapes being served.", 1);
    this.#scrapes += 1;
  }

  stop(): void {
    this.loop.stop();
  }
}
