import { once } from "node:events";
import type { ClientRequest, IncomingMessage } from "node:http";
import { hexId } from "@quorate/base";
import { encodeMessage, type Message } from "@quorate/raft";
import { messageOf } from "./activity.ts";
import type { PeerContext } from "./context.ts";
import { type HttpAnswer, readText } from "./dialer.ts";
import { identityHeaders } from "./headers.ts";
import { checkPosted } from "./pipeline.ts";

/** A database image to send; read once, closed in any case. */
export interface SnapshotDatabase {
  /** Bytes, as far as known beforehand; for the operator. */
  readonly size: number;
  chunks(): Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
  close(): void;
}

/**
 * Uploads snapshots to one peer:
 *
 * ```
 * length, 8 bytes big-endian | MsgSnap | database image, to the end of the body
 * ```
 */
export class SnapshotSender {
  readonly #peer: PeerContext;
  readonly #requests: Set<ClientRequest> = new Set();
  #stopped = false;

  constructor(peer: PeerContext) {
    this.#peer = peer;
  }

  /** Sends, reports the outcome to the member, and closes the database; never rejects. */
  async send(message: Message, database: SnapshotDatabase): Promise<void> {
    const { activity, host, peerId, logger, urls, clock } = this.#peer;
    const url = urls.pick();
    const startedMs = clock.nowMs();
    const fields = {
      "snapshot-index": message.snapshot?.metadata.index ?? 0,
      "remote-peer-id": hexId(peerId),
      bytes: database.size,
    };
    logger.log("info", "sending database snapshot", fields);
    try {
      if (this.#stopped) throw new Error("the peer was stopped");
      if (url === undefined) throw new Error("the peer has no URL");
      checkPosted(await this.#upload(url, message, database), () => host.onRemovedFromCluster());
      activity.activate();
      host.reportSnapshot(peerId, true);
      logger.log("info", "sent database snapshot", { ...fields, "took-ms": Math.round(clock.nowMs() - startedMs) });
    } catch (cause) {
      logger.log("warn", "failed to send database snapshot", { ...fields, error: messageOf(cause) });
      if (url !== undefined) urls.unreachable(url);
      if (!this.#stopped) {
        activity.deactivate(`failed to send snapshot to ${hexId(peerId)}`, messageOf(cause));
        host.reportUnreachable(peerId);
      }
      host.reportSnapshot(peerId, false);
    } finally {
      database.close();
    }
  }

  /** Breaks off uploads; they count as failed. */
  stop(): void {
    this.#stopped = true;
    for (const request of this.#requests) request.destroy(new Error("the peer was stopped"));
  }

  async #upload(url: string, message: Message, database: SnapshotDatabase): Promise<HttpAnswer> {
    const { host, limits, dialer } = this.#peer;
    const headers = { ...identityHeaders(host), "Content-Type": "application/octet-stream" };
    const request = dialer.start(url, "POST", "/raft/snapshot", headers, "own");
    this.#requests.add(request);
    const answered = answerOf(request);
    // The loop below learns of a failure by itself; the promise alone must not count as unhandled.
    answered.catch(() => undefined);
    try {
      request.on("socket", (socket) => {
        const watch = (): void => void socket.setTimeout(limits.writeTimeoutMs);
        socket.once("connect", watch).once("secureConnect", watch);
        socket.on("timeout", () => request.destroy(new Error("i/o timeout")));
      });
      await this.#writeAll(request, message, database);
      request.end(() => request.socket?.setTimeout(limits.snapshotAnswerTimeoutMs));
      return await answered;
    } finally {
      this.#requests.delete(request);
      request.destroy();
    }
  }

  /** Writes until all is out or an answer has come, which before the end can only be a refusal. */
  async #writeAll(request: ClientRequest, message: Message, database: SnapshotDatabase): Promise<void> {
    let over = false;
    const onEnd = (): void => {
      over = true;
      request.emit("drain");
    };
    request.once("response", onEnd).once("error", onEnd).once("close", onEnd);
    const encoded = encodeMessage(message);
    const head = new Uint8Array(8 + encoded.length);
    new DataView(head.buffer).setBigUint64(0, BigInt(encoded.length));
    head.set(encoded, 8);
    request.write(head);
    for await (const chunk of database.chunks()) {
      if (over) return;
      if (!request.write(chunk)) await once(request, "drain");
    }
  }
}

/** Resolves with the answer read to its end; rejects when there is none. */
function answerOf(request: ClientRequest): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    request.on("error", reject);
    request.once("close", () => reject(new Error("connection closed without an answer")));
    request.once("response", (response: IncomingMessage) => {
      readText(response).then(
        (body) => resolve({ status: response.statusCode ?? 0, headers: response.headers, body }),
        reject,
      );
    });
  });
}
