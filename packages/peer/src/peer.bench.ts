import { concatBytes, toMemberId } from "@quorate/base";
import { type Message, MessageType, newEntry } from "@quorate/raft";
import { ChunkBuilder } from "./chunk-builder.ts";
import { MessageDecoder, messageEncoder } from "./message-codec.ts";
import { MsgAppDecoder, MsgAppEncoder } from "./msgapp-codec.ts";
import { introduce, startMember, type TestMember, untilStreaming } from "./testing/cluster.ts";
import { messageWith } from "./testing/messages.ts";

// Run through `npm run bench:micro -- peer`.

const json = process.env["BENCH_JSON"] === "1";

function report(what: string, value: number, budget?: number): void {
  const row = { layer: "peer", what, unit: "µs", value, ...(budget === undefined ? {} : { budget }) };
  console.log(json ? JSON.stringify(row) : `${what.padEnd(64)} ${value.toFixed(3).padStart(9)} µs`);
}

/** Calls `run` `times` times after a warm-up and returns microseconds per call. */
function microseconds(times: number, run: () => void): number {
  for (let i = 0; i < times / 5; i++) run();
  const start = process.hrtime.bigint();
  for (let i = 0; i < times; i++) run();
  return Number(process.hrtime.bigint() - start) / 1000 / times;
}

const from = toMemberId(0xb424a71d8a5a74bdn);
const to = toMemberId(0xaa3f793b4f6f1a98n);
const value = new Uint8Array(300).fill(7);

function append(sender: bigint, receiver: bigint, index: number, count: number): Message {
  return messageWith({
    type: MessageType.app,
    from: toMemberId(sender),
    to: toMemberId(receiver),
    term: 2,
    logTerm: 2,
    index,
    commit: index,
    entries: Array.from({ length: count }, (_, i) => newEntry(0, 2, index + 1 + i, value)),
  });
}

/** The bytes of a chunk without its HTTP frame. */
function bodyOf(builder: ChunkBuilder): Buffer {
  const chunk = concatBytes(builder.take());
  return Buffer.from(chunk.subarray(10, chunk.length - 2));
}

function benchAppend(count: number): void {
  const builder = new ChunkBuilder();
  const encoder = new MsgAppEncoder();
  const message = append(from, to, 1, count);
  const first = { ...message, entries: [] };
  const times = 200_000 / count;
  const encode = microseconds(times, () => {
    encoder.message(first, builder);
    encoder.message(message, builder);
    builder.take();
  });
  report(`append of ${count} entries, 300 bytes: write, encoded before, per entry`, encode / count);
  const fresh = new MsgAppEncoder();
  fresh.message(first, builder);
  fresh.message(message, builder);
  const stream = bodyOf(builder);
  const decoder = new MsgAppDecoder(from, to, () => undefined);
  report(
    `append of ${count} entries, 300 bytes: read, per entry`,
    microseconds(times, () => decoder.push(stream)) / count,
  );
}

function benchAnswers(): void {
  const builder = new ChunkBuilder();
  const answer = messageWith({ type: MessageType.appResp, from, to, term: 2, index: 123_456 });
  const ten = (): void => {
    for (let i = 0; i < 10; i++) messageEncoder.message(answer, builder);
  };
  const encode = microseconds(50_000, () => {
    ten();
    builder.take();
  });
  report("answer to an append, ten in a batch: write, each", encode / 10);
  ten();
  const stream = bodyOf(builder);
  const decoder = new MessageDecoder(() => undefined);
  report("answer to an append, ten in a batch: read, each", microseconds(50_000, () => decoder.push(stream)) / 10);
}

/** Appends and answers over real sockets, `window` under way, both members in this process: CPU of two sends and receives. */
async function benchRound(count: number, window: number): Promise<void> {
  const [a, b] = [await startMember(from), await startMember(to)];
  introduce([a, b]);
  await untilStreaming([a, b]);
  const rounds = Math.round(20_000 / Math.sqrt(count));
  let index = 1;
  let done = 0;
  const step = (member: TestMember, onMessage: (message: Message) => void): void => {
    member.host.step = onMessage;
  };
  step(b, (message) => {
    const answer = {
      type: MessageType.appResp,
      from: to,
      to: from,
      term: 2,
      index: message.index + message.entries.length,
    };
    if (message.type === MessageType.app) b.transport.send([messageWith(answer)]);
  });
  const used = await new Promise<number>((resolve) => {
    let before = process.cpuUsage();
    const next = (): void => {
      a.transport.send([append(from, to, index, count)]);
      index += count;
    };
    step(a, () => {
      done++;
      if (done === rounds >> 2) before = process.cpuUsage();
      if (done < rounds) return next();
      if (done > rounds) return;
      const { user, system } = process.cpuUsage(before);
      resolve((user + system) / (done - (rounds >> 2)));
    });
    for (let i = 0; i < window; i++) next();
  });
  report(`append of ${count} entries and answer over sockets, ${window} under way, both sides' CPU`, used);
  await a.transport.close();
  await b.transport.close();
}

for (const count of [1, 10, 100]) benchAppend(count);
benchAnswers();
await benchRound(1, 1);
await benchRound(1, 16);
await benchRound(50, 1);
await benchRound(50, 16);
