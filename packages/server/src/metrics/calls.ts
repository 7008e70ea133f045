import type { GrpcServerObserver } from "@quorate/grpc";
import type { MetricsWriter } from "./exposition.ts";

const codeNames = [
  "OK",
  "Canceled",
  "Unknown",
  "InvalidArgument",
  "DeadlineExceeded",
  "NotFound",
  "AlreadyExists",
  "PermissionDenied",
  "ResourceExhausted",
  "FailedPrecondition",
  "Aborted",
  "OutOfRange",
  "Unimplemented",
  "Internal",
  "Unavailable",
  "DataLoss",
  "Unauthenticated",
];

interface Method {
  readonly labels: { readonly grpc_type: string; readonly grpc_service: string; readonly grpc_method: string };
  started: number;
  readonly ended: number[];
}

/** Methods of etcd's that stream, and how. */
const streaming: ReadonlyMap<string, string> = new Map([
  ["/etcdserverpb.Watch/Watch", "bidi_stream"],
  ["/etcdserverpb.Lease/LeaseKeepAlive", "bidi_stream"],
  ["/etcdserverpb.Maintenance/Snapshot", "server_stream"],
  ["/grpc.health.v1.Health/Watch", "server_stream"],
]);

/** At most so many paths are counted by name: a caller may invent them. */
const methodsMax = 200;

/** Counts gRPC calls by method and code. */
export class CallMetrics implements GrpcServerObserver {
  readonly #methods: Map<string, Method> = new Map();

  /** Lets methods that were never called show with zeros, so that rates over them begin at the first call. */
  declare(paths: readonly string[]): void {
    for (const path of paths) this.#method(path, streaming.has(path));
  }

  #method(path: string, isStream: boolean): Method | undefined {
    const known = this.#methods.get(path);
    if (known !== undefined || this.#methods.size >= methodsMax) return known;
    const [, service = "", method = ""] = path.split("/");
    const labels = {
      grpc_type: isStream ? (streaming.get(path) ?? "bidi_stream") : "unary",
      grpc_service: service,
      grpc_method: method,
    };
    const made: Method = { labels, started: 0, ended: codeNames.map(() => 0) };
    this.#methods.set(path, made);
    return made;
  }

  callStarted(path: string, isStream: boolean): void {
    const method = this.#method(path, isStream);
    if (method !== undefined) method.started += 1;
  }

  callEnded(path: string, isStream: boolean, code: number): void {
    const method = this.#method(path, isStream);
    if (method !== undefined) method.ended[code] = (method.ended[code] ?? 0) + 1;
  }

  /** @param bytes of all connections so far. */
  write(w: MetricsWriter, bytes: { readonly received: number; readonly sent: number }): void {
    w.counter(
      "etcd_network_client_grpc_received_bytes_total",
      "The total number of bytes received from grpc clients.",
      bytes.received,
    );
    w.counter(
      "etcd_network_client_grpc_sent_bytes_total",
      "The total number of bytes sent to grpc clients.",
      bytes.sent,
    );
    const methods = [...this.#methods.values()];
    w.metric(
      "grpc_server_started_total",
      "counter",
      "Total number of RPCs started on the server.",
      methods.map((method) => [method.labels, method.started] as const),
    );
    const handled = methods.flatMap((method) =>
      method.ended.map(
        (count, code) => [{ ...method.labels, grpc_code: codeNames[code] ?? String(code) }, count] as const,
      ),
    );
    w.metric(
      "grpc_server_handled_total",
      "counter",
      "Total number of RPCs completed on the server, regardless of success or failure.",
      handled,
    );
    // A call of a unary method is one message, its success another.
    const unary = methods.filter(({ labels }) => labels.grpc_type === "unary");
    w.metric(
      "grpc_server_msg_received_total",
      "counter",
      "Total number of RPC stream messages received on the server.",
      unary.map(({ labels, started }) => [labels, started] as const),
    );
    w.metric(
      "grpc_server_msg_sent_total",
      "counter",
      "Total number of gRPC stream messages sent by the server.",
      unary.map(({ labels, ended }) => [labels, ended[0] ?? 0] as const),
    );
  }
}
