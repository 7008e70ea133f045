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
import { CallMetrics } from "./calls.ts";
import { MetricsWriter } from "./exposition.ts";
import { HealthCounters } from "./health.ts";
import { LoopMonitor } from "./loop.ts";
import { serverMetrics } from "./member.ts";
import { PeerMetrics } from "./peers.ts";
import { processMetrics } from "./process.ts";
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
  readonly quotaBytes: number;
}

/** What a server counts and times while it runs, and the page of it that a scrape gets: etcd's metrics, and ours of the loop. */
export class ServerMetrics {
  readonly calls: CallMetrics = new CallMetrics();
  readonly health: HealthCounters = new HealthCounters();
  readonly store: StoreMetrics = new StoreMetrics();
  readonly peers: PeerMetrics = new PeerMetrics();
  readonly #loop: LoopMonitor = new LoopMonitor();

  constructor() {
    this.calls.declare(countedServices.flatMap((service): string[] => Object.values(service)));
  }

  /** The page, in Prometheus' text format. */
  text({ member, grpc, transport, quotaBytes }: MetricsSources): string {
    const w = new MetricsWriter();
    serverMetrics(w, member, quotaBytes);
    this.store.write(w, member);
    this.calls.write(w, grpc.bytes());
    this.peers.write(w, member.id, transport);
    this.health.write(w);
    processMetrics(w);
    this.#loop.write(w);
    return w.text();
  }

  stop(): void {
    this.#loop.stop();
  }
}
