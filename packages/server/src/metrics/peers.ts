import { hexId, type MemberId } from "@quorate/base";
import type { PeerTransport } from "@quorate/peer";
import { exponentialBounds, flag, Histogram, type MetricsWriter } from "./exposition.ts";

const roundTripBounds = exponentialBounds(0.0001, 2, 16);

/** Times the probes of peers, and tells what goes to them and comes from them. */
export class PeerMetrics {
  readonly #roundTrips: Map<MemberId, Histogram> = new Map();

  readonly onRoundTrip = (peer: MemberId, ms: number): void => {
    let histogram = this.#roundTrips.get(peer);
    if (histogram === undefined) {
      histogram = new Histogram(roundTripBounds);
      this.#roundTrips.set(peer, histogram);
    }
    histogram.observe(ms / 1000);
  };

  write(w: MetricsWriter, self: MemberId, transport: PeerTransport): void {
    const traffic = transport.traffic();
    const local = hexId(self);
    const by = (
      label: "To" | "From",
      value: (peer: (typeof traffic)[number]) => number,
    ): [Record<string, string>, number][] => traffic.map((peer) => [{ [label]: hexId(peer.id) }, value(peer)]);
    const sent = by("To", (peer) => peer.sentBytes);
    const received = by("From", (peer) => peer.receivedBytes);
    const failures = by("To", (peer) => peer.sendFailures);
    w.metric("etcd_network_peer_sent_bytes_total", "counter", "The total number of bytes sent to peers.", sent);
    w.metric(
      "etcd_network_peer_received_bytes_total",
      "counter",
      "The total number of bytes received from peers.",
      received,
    );
    w.metric(
      "etcd_network_peer_sent_failures_total",
      "counter",
      "The total number of send failures from peers.",
      failures,
    );
    const active = traffic.map(
      ({ id }) => [{ Local: local, Remote: hexId(id) }, flag(transport.activeSince(id) > 0)] as const,
    );
    w.metric("etcd_network_active_peers", "gauge", "The current number of active peer connections.", active);
    w.histogram(
      "etcd_network_peer_round_trip_time_seconds",
      "Round-Trip-Time histogram between peers",
      [...this.#roundTrips].map(([id, histogram]) => [{ To: hexId(id) }, histogram] as const),
    );
    const known = traffic.map(({ id }) => [{ Local: local, Remote: hexId(id) }, 1] as const);
    w.metric("etcd_network_known_peers", "gauge", "The current number of known peers.", known);
  }
}
