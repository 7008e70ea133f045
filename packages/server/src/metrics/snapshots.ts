import { hexId, type MemberId } from "@quorate/base";
import type { OutgoingDatabase, PeerLink } from "@quorate/member";
import type { SnapshotSink } from "@quorate/peer";
import type { Message } from "@quorate/raft";
import { exponentialBounds, Histogram, type MetricsWriter, type Sample } from "./exposition.ts";

const transferBounds = exponentialBounds(0.1, 2, 10);

/** Databases on their way to one member, or from it. */
class Transfers {
  inFlight = 0;
  done = 0;
  failed = 0;
  readonly seconds: Histogram = new Histogram(transferBounds);
  #startedMs = 0;

  start(): void {
    this.inFlight += 1;
    this.#startedMs = performance.now();
  }

  end(ok: boolean): void {
    if (this.inFlight === 0) return;
    this.inFlight -= 1;
    if (ok) {
      this.done += 1;
      this.seconds.observe((performance.now() - this.#startedMs) / 1000);
    } else this.failed += 1;
  }
}

type Direction = Map<MemberId, Transfers>;

function transfersOf(direction: Direction, id: MemberId): Transfers {
  let found = direction.get(id);
  if (found === undefined) {
    found = new Transfers();
    direction.set(id, found);
  }
  return found;
}

/** Counts and times the databases that are sent to other members and received from them. */
export class SnapshotMetrics {
  readonly #sent: Direction = new Map();
  readonly #received: Direction = new Map();
  readonly #reads: Histogram = new Histogram(exponentialBounds(0.01, 2, 17));
  readonly #saves: Histogram = new Histogram(transferBounds);

  /** The same link, with an eye on the databases that leave through it. */
  watching(link: PeerLink): PeerLink {
    return {
      addPeer: (id, urls) => link.addPeer(id, urls),
      updatePeer: (id, urls) => link.updatePeer(id, urls),
      removePeer: (id) => link.removePeer(id),
      removeAllPeers: () => link.removeAllPeers(),
      addRemote: (id, urls) => link.addRemote(id, urls),
      send: (messages) => link.send(messages),
      activeSince: (id) => link.activeSince(id),
      sendSnapshot: (message, database) => this.#send(link, message, database),
    };
  }

  #send(link: PeerLink, message: Message, database: OutgoingDatabase): void {
    const startedMs = performance.now();
    transfersOf(this.#sent, message.to).start();
    link.sendSnapshot(message, {
      size: database.size,
      chunks: () => database.chunks(),
      close: () => {
        this.#reads.observe((performance.now() - startedMs) / 1000);
        database.close();
      },
    });
  }

  /** A database that was sent arrived, or did not. */
  onSent(id: MemberId, ok: boolean): void {
    this.#sent.get(id)?.end(ok);
  }

  /** The same sink, with an eye on what becomes of it. */
  receiving(from: MemberId, sink: SnapshotSink): SnapshotSink {
    const transfers = transfersOf(this.#received, from);
    const startedMs = performance.now();
    transfers.start();
    return {
      write: (chunk) => sink.write(chunk),
      commit: async () => {
        await sink.commit();
        this.#saves.observe((performance.now() - startedMs) / 1000);
        transfers.end(true);
      },
      abort: () => {
        transfers.end(false);
        sink.abort();
      },
    };
  }

  write(w: MetricsWriter): void {
    writeDirection(w, "send", "To", this.#sent);
    writeDirection(w, "receive", "From", this.#received);
    w.histogram("etcd_disk_backend_snapshot_duration_seconds", "The latency distribution of backend snapshots.", [
      [{}, this.#reads],
    ]);
    w.histogram("etcd_snap_db_save_total_duration_seconds", "The total latency distributions of v3 snapshot save", [
      [{}, this.#saves],
    ]);
  }
}

function writeDirection(w: MetricsWriter, verb: "send" | "receive", label: "To" | "From", all: Direction): void {
  const name = `etcd_network_snapshot_${verb}`;
  const samples = <Value>(value: (transfers: Transfers) => Value): Sample<Value>[] =>
    [...all].map(([id, transfers]) => [{ [label]: hexId(id) }, value(transfers)]);
  w.metric(
    `${name}_inflights_total`,
    "gauge",
    `Total number of inflight snapshot ${verb}s`,
    samples((t) => t.inFlight),
  );
  w.metric(
    `${name}_success`,
    "counter",
    `Total number of successful snapshot ${verb}s`,
    samples((t) => t.done),
  );
  w.metric(
    `${name}_failures`,
    "counter",
    `Total number of snapshot ${verb} failures`,
    samples((t) => t.failed).filter(([, count]) => count > 0),
  );
  w.histogram(
    `${name}_total_duration_seconds`,
    `Total latency distributions of v3 snapshot ${verb}s`,
    samples((t) => t.seconds),
  );
}
