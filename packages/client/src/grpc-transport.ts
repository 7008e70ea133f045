/** The transport over our gRPC engine. */
import { Status } from "@quorate/api";
import { GrpcClient, type GrpcClientOptions, type GrpcStatusError, Metadata } from "@quorate/grpc";
import type { Endpoint } from "./endpoint.ts";
import { explanationIn } from "./errors.ts";
import type { CallOptions, Connect, Outcome, TlsOptions, Transport } from "./transport.ts";

/** How the engine words that there was no connection to send on. */
const neverSent = 'connection error: desc = "transport: Error while dialing';

const answerBytesMax = 2 ** 31 - 1;

function tlsOptions(tls: TlsOptions): NonNullable<GrpcClientOptions["tls"]> {
  return {
    ...(tls.ca === undefined ? {} : { ca: tls.ca }),
    ...(tls.cert === undefined ? {} : { cert: tls.cert }),
    ...(tls.key === undefined ? {} : { key: tls.key }),
    ...(tls.serverName === undefined ? {} : { servername: tls.serverName }),
    rejectUnauthorized: tls.insecureSkipVerify !== true,
  };
}

function explanationOf(error: GrpcStatusError): string | undefined {
  const details = error.statusDetails;
  return details === undefined ? undefined : explanationIn(details);
}

function failure(error: GrpcStatusError): Outcome {
  return {
    ok: false,
    status: error.code,
    message: error.details,
    explanation: explanationOf(error),
    unsent: error.code === Status.unavailable && error.details.startsWith(neverSent),
  };
}

class GrpcTransport implements Transport {
  readonly #client: GrpcClient;

  constructor(endpoint: Endpoint, tls: TlsOptions | undefined, dialTimeoutMs: number) {
    const { host, port } = endpoint;
    this.#client = new GrpcClient({
      target: endpoint.unix ? { path: host } : { host, port },
      connectTimeoutMs: dialTimeoutMs,
      receiveMessageBytesMax: answerBytesMax,
      ...(tls === undefined ? {} : { tls: tlsOptions(tls) }),
    });
  }

  unary(path: string, message: Uint8Array, options: CallOptions, done: (outcome: Outcome) => void): void {
    const metadata = new Metadata();
    for (const [name, value] of options.metadata) metadata.add(name, value);
    const limit = Number.isFinite(options.timeoutMs) ? { timeoutMs: options.timeoutMs } : {};
    this.#client.unary(path, message, { metadata, ...limit }, (error, reply) => {
      if (reply !== undefined) done({ ok: true, message: reply.message });
      else if (error !== undefined) done(failure(error));
    });
  }

  close(): Promise<void> {
    return this.#client.close();
  }
}

/** Connects over HTTP/2. */
export const grpcConnect: Connect = (endpoint, tls, dialTimeoutMs) => new GrpcTransport(endpoint, tls, dialTimeoutMs);
