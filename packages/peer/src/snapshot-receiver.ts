import { concatBytes } from "@quorate/base";
import { type Message, MessageType } from "@quorate/raft";
import { messageOf } from "./activity.ts";
import type { BodyReader } from "./body-reader.ts";
import { rethrowBug } from "./bugs.ts";
import type { PeerHost, SnapshotSink } from "./host.ts";
import { refusalToStep } from "./inbox.ts";
import { decodeOwned } from "./message-codec.ts";

/** What to answer to an upload; 204 has no text. */
export interface UploadOutcome {
  readonly status: number;
  readonly text: string;
}

const refused = (status: number, text: string): UploadOutcome => ({ status, text });

/**
 * Takes an uploaded snapshot: the message first, then the database, which is durable before raft learns of it.
 * The layout stands at `SnapshotSender`.
 */
export async function receiveSnapshot(
  body: BodyReader,
  host: PeerHost,
  messageBytesMax: number,
): Promise<UploadOutcome> {
  let message: Message;
  let rest: Uint8Array;
  try {
    [message, rest] = await readHead(body, messageBytesMax);
  } catch (cause) {
    return refused(400, `failed to decode raft message (${messageOf(cause)})`);
  }
  if (message.type !== MessageType.snap || message.snapshot === undefined)
    return refused(400, "wrong raft message type");
  const refusal = refusalToStep(host, message);
  if (refusal !== undefined) return refused(500, `failed to process raft message (${refusal})`);
  try {
    await saveDatabase(host.receiveSnapshotDb(message.snapshot.metadata.index), rest, body);
  } catch (cause) {
    return refused(500, `failed to save KV snapshot (${messageOf(cause)})`);
  }
  try {
    await host.step(message);
  } catch (cause) {
    rethrowBug(cause);
    return refused(500, `failed to process raft message (${messageOf(cause)})`);
  }
  return { status: 204, text: "" };
}

/** Reads the message, and returns it with the bytes of the database that came along. */
async function readHead(body: BodyReader, bytesMax: number): Promise<[Message, Uint8Array]> {
  const length = await collect(body, new Uint8Array(0), 0, 8);
  const announced = new DataView(length.buffer, length.byteOffset).getBigUint64(0);
  if (announced > bytesMax) throw new Error("rafthttp: error limit exceeded");
  const end = 8 + Number(announced);
  const head = await collect(body, length, 8, end);
  return [decodeOwned(head, 8, end, true), head.subarray(end)];
}

/**
 * Returns `first` and what follows it, up to the end of a part at least.
 *
 * @throws Error when the body ends before; at the start of the part, `from`, with the text that etcd has for just that.
 */
async function collect(body: BodyReader, first: Uint8Array, from: number, to: number): Promise<Uint8Array> {
  const parts = [first];
  for (let bytes = first.length; bytes < to; ) {
    const chunk = await body.next();
    if (chunk === undefined) throw new Error(bytes === from ? "EOF" : "unexpected EOF");
    parts.push(chunk);
    bytes += chunk.length;
  }
  return parts.length === 1 ? first : concatBytes(parts);
}

async function saveDatabase(sink: SnapshotSink, first: Uint8Array, body: BodyReader): Promise<void> {
  try {
    if (first.length > 0) await sink.write(first);
    for (let chunk = await body.next(); chunk !== undefined; chunk = await body.next()) {
      const taken = sink.write(chunk);
      if (taken !== undefined) await taken;
    }
    await sink.commit();
  } catch (cause) {
    sink.abort();
    throw cause;
  }
}
