import type { ServerResponse } from "node:http";
import { hexId } from "@quorate/base";
import { type Message, MessageType } from "@quorate/raft";
import type { PeerContext, StreamKind } from "./context.ts";
import { Inbox } from "./inbox.ts";
import { Pipeline } from "./pipeline.ts";
import { type SnapshotDatabase, SnapshotSender } from "./snapshot-sender.ts";
import { StreamReader } from "./stream-reader.ts";
import { StreamWriter } from "./stream-writer.ts";

/** How often at most dropped messages to one peer are logged. */
const logEveryMs = 1_000;

/** Everything between this member and one other member: two streams each way, posts, snapshots. */
export class Peer {
  readonly context: PeerContext;
  readonly #writers: Record<StreamKind, StreamWriter>;
  readonly #readers: readonly StreamReader[];
  readonly #pipeline: Pipeline;
  readonly #snapshots: SnapshotSender;
  #loggedMs = Number.NEGATIVE_INFINITY;

  constructor(context: PeerContext) {
    const { host, peerId, logger, clock, limits } = context;
    const inbox = new Inbox(host, peerId, logger, () => clock.nowMs(), limits.receiveMax);
    this.context = context;
    this.#writers = { message: new StreamWriter(context, "message"), msgapp: new StreamWriter(context, "msgapp") };
    this.#readers = [new StreamReader(context, "message", inbox), new StreamReader(context, "msgapp", inbox)];
    this.#pipeline = new Pipeline(context);
    this.#snapshots = new SnapshotSender(context);
  }

  start(): void {
    for (const reader of this.#readers) reader.start();
  }

  /** Sends on the best channel there is: its stream, for an append the other stream, else a post. */
  send(message: Message): void {
    const { msgapp, message: general } = this.#writers;
    let taken: boolean;
    if (message.type === MessageType.app && msgapp.attached()) taken = msgapp.enqueue(message);
    else if (general.attached()) taken = general.enqueue(message);
    else taken = this.#pipeline.enqueue(message);
    if (!taken) this.#dropped(message);
  }

  sendSnapshot(message: Message, database: SnapshotDatabase): Promise<void> {
    return this.#snapshots.send(message, database);
  }

  /** Takes the answer to the peer's dial of one stream; its head was flushed. */
  attach(kind: StreamKind, response: ServerResponse): void {
    this.#writers[kind].attach(response);
  }

  heartbeat(): void {
    this.#writers.message.heartbeat();
    this.#writers.msgapp.heartbeat();
  }

  stop(): void {
    for (const reader of this.#readers) reader.stop();
    this.#writers.message.stop();
    this.#writers.msgapp.stop();
    this.#pipeline.stop();
    this.#snapshots.stop();
  }

  #dropped(message: Message): void {
    const { host, peerId, logger, clock } = this.context;
    host.reportUnreachable(peerId);
    const now = clock.nowMs();
    if (now - this.#loggedMs < logEveryMs) return;
    this.#loggedMs = now;
    logger.log("warn", "dropped internal Raft message since sending buffer is full", {
      "message-type": message.type,
      "local-member-id": hexId(host.memberId),
      "remote-peer-id": hexId(peerId),
    });
  }
}
