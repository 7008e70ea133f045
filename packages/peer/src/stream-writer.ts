import type { ServerResponse } from "node:http";
import type { Socket } from "node:net";
import { hexId, invariant } from "@quorate/base";
import type { Message } from "@quorate/raft";
import { messageOf } from "./activity.ts";
import { ChunkBuilder } from "./chunk-builder.ts";
import type { PeerContext, StreamKind } from "./context.ts";
import { type FrameEncoder, messageEncoder } from "./message-codec.ts";
import { MsgAppEncoder } from "./msgapp-codec.ts";

/** Encoded at once; more waits for the socket to take it. */
const batchBytesMax = 1024 * 1024;
/** Ends the chunked body of the answer. */
const lastChunk = "0\r\n\r\n";

/** The names that etcd's log lines give to the streams. */
export const streamTitle: Record<StreamKind, string> = { message: "stream Message", msgapp: "stream MsgApp v2" };

/**
 * Sends one kind of messages to one peer, on the answer to the peer's own dial.
 *
 * ```
 * detached --attach--> attached --attach--> attached (the older connection ends)
 *     ^                   |
 *     +--- close, error --+   queued messages are lost and reported
 * ```
 *
 * What is queued during one turn leaves in one socket write. Once the head of the answer is out, the socket is
 * written to directly.
 */
export class StreamWriter {
  readonly #peer: PeerContext;
  readonly #kind: StreamKind;
  readonly #builder: ChunkBuilder = new ChunkBuilder();
  readonly #flushSoon: () => void = () => this.#flush();
  #encoder: FrameEncoder = messageEncoder;
  #socket: Socket | undefined;
  #queue: Message[] = [];
  /** How many of the queue are written already. */
  #written = 0;
  #scheduled = false;
  #stopped = false;

  constructor(peer: PeerContext, kind: StreamKind) {
    this.#peer = peer;
    this.#kind = kind;
  }

  attached(): boolean {
    return this.#socket !== undefined;
  }

  /** Goes on with the connection of `response`, whose head was flushed. */
  attach(response: ServerResponse): void {
    const socket = response.socket;
    if (socket === null || socket.destroyed) return;
    if (this.#stopped) {
      socket.end(lastChunk);
      return;
    }
    this.#detach("closed by a newer stream", true);
    this.#socket = socket;
    this.#encoder = this.#kind === "msgapp" ? new MsgAppEncoder() : messageEncoder;
    socket.setNoDelay(true);
    socket.setTimeout(this.#peer.limits.writeTimeoutMs);
    let cause: unknown = "closed by the peer";
    socket.once("error", (error) => {
      cause = error;
    });
    socket.once("timeout", () => {
      cause = "i/o timeout";
    });
    socket.once("close", () => {
      if (this.#socket === socket) this.#lost(cause);
    });
    socket.on("drain", this.#flushSoon);
    this.#peer.activity.activate();
    this.#log("info", "established TCP streaming connection with remote peer");
    this.heartbeat();
  }

  /**
   * Queues a message for the end of this turn. The stream must be attached.
   *
   * @returns false when the queue is full; the message is then dropped.
   */
  enqueue(message: Message): boolean {
    invariant(this.#socket !== undefined, "a message for a stream that is not attached");
    if (this.#queue.length - this.#written >= this.#peer.limits.streamQueueMax) return false;
    this.#queue.push(message);
    if (!this.#scheduled) {
      this.#scheduled = true;
      process.nextTick(this.#flushSoon);
    }
    return true;
  }

  /** Lets the peer's read deadline start anew, unless the socket has enough to write as it is. */
  heartbeat(): void {
    const socket = this.#socket;
    if (socket === undefined || socket.writableLength > 0) return;
    this.#encoder.heartbeat(this.#builder);
    this.#write(socket);
  }

  /** Ends the stream for good. */
  stop(): void {
    this.#stopped = true;
    this.#detach("stopped", false);
  }

  #flush(): void {
    this.#scheduled = false;
    const socket = this.#socket;
    if (socket === undefined) return;
    const queue = this.#queue;
    const builder = this.#builder;
    while (this.#written < queue.length && socket.writableLength < this.#peer.limits.streamBufferBytesMax) {
      while (this.#written < queue.length && builder.size() < batchBytesMax) {
        this.#encoder.message(queue[this.#written++] as Message, builder);
      }
      this.#write(socket);
    }
    if (this.#written === queue.length) {
      queue.length = 0;
      this.#written = 0;
    } else if (this.#written > this.#peer.limits.streamQueueMax) {
      this.#queue = queue.slice(this.#written);
      this.#written = 0;
    }
  }

  #write(socket: Socket): void {
    const parts = this.#builder.take();
    for (const part of parts) this.#peer.traffic.sentBytes += part.length;
    if (parts.length === 1) {
      socket.write(parts[0] as Uint8Array);
      return;
    }
    socket.cork();
    for (const part of parts) socket.write(part);
    socket.uncork();
  }

  #lost(cause: unknown): void {
    this.#peer.activity.deactivate(`failed to write to ${this.#kind} stream`, cause);
    this.#detach(messageOf(cause), true);
  }

  /** Ends the connection cleanly if it still stands. */
  #detach(reason: string, report: boolean): void {
    const socket = this.#socket;
    if (socket === undefined) return;
    this.#socket = undefined;
    socket.off("drain", this.#flushSoon);
    if (!socket.destroyed) socket.end(lastChunk);
    const lost = this.#queue.length > this.#written || socket.destroyed;
    this.#queue = [];
    this.#written = 0;
    this.#log("warn", "lost TCP streaming connection with remote peer", reason);
    if (report && lost) this.#peer.host.reportUnreachable(this.#peer.peerId);
  }

  #log(level: "info" | "warn", message: string, error?: string): void {
    this.#peer.logger.log(level, message, {
      "stream-writer-type": streamTitle[this.#kind],
      "local-member-id": hexId(this.#peer.host.memberId),
      "remote-peer-id": hexId(this.#peer.peerId),
      ...(error === undefined ? {} : { error }),
    });
  }
}
