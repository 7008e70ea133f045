import { concatBytes, copyBytes, emptyBytes, type MemberId, toHex, toMemberId, utf8Encode } from "@quorate/base";
import { type Entry, encodeEntry, encodeMessage, type Message, MessageType, newEntry } from "@quorate/raft";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { ChunkBuilder } from "./chunk-builder.ts";
import { type FrameEncoder, MessageDecoder, messageEncoder } from "./message-codec.ts";
import { MsgAppDecoder, MsgAppEncoder } from "./msgapp-codec.ts";
import { messageWith } from "./testing/messages.ts";

const leader: MemberId = toMemberId(0xb424a71d8a5a74bdn);
const learner: MemberId = toMemberId(0xaa3f793b4f6f1a98n);

const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

/** The frames that `builder` holds, out of their HTTP chunk. */
function framesOf(builder: ChunkBuilder): Uint8Array {
  const whole = concatBytes(builder.take());
  const size = Number.parseInt(Buffer.from(whole.subarray(0, 8)).toString("latin1"), 16);
  expect(Buffer.from(whole.subarray(8, 10)).toString()).toBe("\r\n");
  expect(Buffer.from(whole.subarray(whole.length - 2)).toString()).toBe("\r\n");
  expect(size).toBe(whole.length - 12);
  return whole.subarray(10, whole.length - 2);
}

function encode(encoder: FrameEncoder, messages: readonly Message[]): Uint8Array {
  const builder = new ChunkBuilder();
  for (const message of messages) encoder.message(message, builder);
  return framesOf(builder);
}

/** What two messages must agree in: their wire form. */
const wire = (message: Message): string => toHex(encodeMessage(message));

describe("link heartbeats", () => {
  test("the message stream sends the form of 3.6", () => {
    const builder = new ChunkBuilder();
    messageEncoder.heartbeat(builder);
    expect(toHex(framesOf(builder))).toBe("00000000000000140808100018002000280030004000500058006800");
  });

  test.each([
    ["3.4", "000000000000001e08081000180020002800300040004a0a12080a0228001000180050005800"],
    ["3.6", "00000000000000140808100018002000280030004000500058006800"],
    ["3.7", "00000000000000020808"],
  ])("the form of %s is read and goes no further", (_version, hex) => {
    const got: Message[] = [];
    new MessageDecoder((message) => got.push(message)).push(fromHex(hex));
    expect(got).toEqual([]);
  });

  test("the msgapp stream's is one zero byte", () => {
    const builder = new ChunkBuilder();
    new MsgAppEncoder().heartbeat(builder);
    expect(toHex(framesOf(builder))).toBe("00");
  });
});

describe("frames recorded from etcd 3.4.23", () => {
  test("a raft heartbeat on the message stream", () => {
    const got: Message[] = [];
    new MessageDecoder((message) => got.push(message)).push(
      fromHex(
        "0000000000000030 0808 1098b5bcfbb4a7de9faa01 18bde9e9d2d8e3a992b401 2002 2800 3000 4000 4a0a12080a02280010001800 5000 5800",
      ),
    );
    expect(got).toEqual([messageWith({ type: MessageType.heartbeat, to: learner, from: leader, term: 2 })]);
  });

  /** A decoder that was told by a whole message that term 2 ends at `index`. */
  function decoderAt(index: number, got: Message[]): MsgAppDecoder {
    const decoder = new MsgAppDecoder(leader, learner, (message) => got.push(message));
    const first = messageWith({ type: MessageType.app, to: learner, from: leader, term: 2, logTerm: 2, index });
    decoder.push(encode(new MsgAppEncoder(), [first]));
    got.length = 0;
    return decoder;
  }

  test("an append without entries that moves the commit index", () => {
    const got: Message[] = [];
    decoderAt(5, got).push(fromHex("01 0000000000000000 0000000000000005"));
    const fields = {
      type: MessageType.app,
      to: learner,
      from: leader,
      term: 2,
      logTerm: 2,
      index: 5,
      commit: 5,
    } as const;
    expect(got).toEqual([messageWith(fields)]);
  });

  test.each([
    [
      "a put",
      "01 0000000000000001 000000000000001f 0800 1002 1806 2217 22080a026b3112027631 a2060a08869cd280abbfe8de74 0000000000000006",
      { type: 0, data: "22080a026b3112027631a2060a08869cd280abbfe8de74", commit: 6 },
    ],
    [
      "the removal of a member",
      "01 0000000000000001 000000000000001f 0801 1002 1806 2217 0886b683f4abbfe8de74 1001 18bde9e9d2d8e3a992b401 0000000000000005",
      { type: 1, data: "0886b683f4abbfe8de74100118bde9e9d2d8e3a992b401", commit: 5 },
    ],
  ])("%s as a continued append, read and written alike", (_what, hex, expected) => {
    const got: Message[] = [];
    decoderAt(5, got).push(fromHex(hex));
    const message = got[0] as Message;
    const entry = message.entries[0] as Entry;
    expect({ type: entry.type, data: toHex(entry.data), commit: message.commit }).toEqual(expected);
    expect([message.index, entry.index, entry.term]).toEqual([5, 6, 2]);

    const encoder = new MsgAppEncoder();
    encode(encoder, [messageWith({ ...message, entries: [], commit: 0 })]);
    expect(toHex(encode(encoder, [message]))).toBe(hex.replaceAll(" ", ""));
  });
});

describe("the msgapp stream", () => {
  const append = (fields: Partial<Message>): Message =>
    messageWith({ type: MessageType.app, to: learner, from: leader, ...fields });
  const entryAt = (term: number, index: number): Entry => newEntry(0, term, index, utf8Encode(`e${index}`));

  test("writes appends whole on a fresh connection, in a new term and after a step back, and only then", () => {
    const encoder = new MsgAppEncoder();
    const kinds = [
      append({ term: 2, logTerm: 1, index: 4, entries: [entryAt(2, 5)] }),
      append({ term: 2, logTerm: 2, index: 5, entries: [entryAt(2, 6), entryAt(2, 7)] }),
      append({ term: 2, logTerm: 2, index: 7 }),
      append({ term: 2, logTerm: 2, index: 5, entries: [entryAt(2, 6)] }),
      append({ term: 2, logTerm: 2, index: 6, entries: [entryAt(2, 7)] }),
      append({ term: 3, logTerm: 2, index: 7, entries: [entryAt(3, 8)] }),
      append({ term: 3, logTerm: 3, index: 8 }),
    ].map((message) => encode(encoder, [message])[0]);
    expect(kinds).toEqual([2, 1, 1, 2, 1, 2, 1]);
  });

  test("passes an entry's shared encoding on without a copy when it is large", () => {
    const entry = newEntry(0, 1, 1, new Uint8Array(10_000));
    const encoder = new MsgAppEncoder();
    const builder = new ChunkBuilder();
    encoder.message(append({ term: 1, logTerm: 1 }), builder);
    encoder.message(append({ term: 1, logTerm: 1, entries: [entry] }), builder);
    expect(builder.take()).toContain(encodeEntry(entry));
  });

  test("refuses an unknown kind, an endless count and an endless length", () => {
    const decoder = (): MsgAppDecoder => new MsgAppDecoder(leader, learner, () => undefined);
    expect(() => decoder().push(fromHex("03"))).toThrow("failed to parse type 3 in msgappv2 stream");
    expect(() => decoder().push(fromHex("01 0000000010000000"))).toThrow("limit exceeded");
    expect(() => decoder().push(fromHex("01 0000000000000001 0000000020000001"))).toThrow("limit exceeded");
    expect(() => decoder().push(fromHex("02 ffffffffffffffff"))).toThrow("53 bits");
  });

  test("the message stream refuses a frame over 512 MiB (N15)", () => {
    expect(() => new MessageDecoder(() => undefined).push(fromHex("0000000020000001"))).toThrow("limit exceeded");
  });
});

describe("any messages, cut anywhere", () => {
  const bytesArb = fc.oneof(
    { weight: 5, arbitrary: fc.uint8Array({ maxLength: 40 }) },
    { weight: 1, arbitrary: fc.nat(9000).map((size) => new Uint8Array(size).fill(size)) },
  );
  const counterArb = fc.oneof(fc.nat(300), fc.maxSafeNat());

  /** Appends as a leader makes them: mostly continuing, at times not. */
  const appendsArb = fc
    .array(
      fc.record({
        jump: fc.boolean(),
        newTerm: fc.boolean(),
        datas: fc.array(bytesArb, { maxLength: 5 }),
        commit: counterArb,
      }),
      {
        maxLength: 8,
      },
    )
    .map((steps) => {
      let term = 1;
      let last = { term: 0, index: 0 };
      return steps.map((step) => {
        if (step.newTerm) term++;
        if (step.jump) last = { term: Math.max(last.term - 1, 0), index: Math.max(last.index - 2, 0) };
        const entries = step.datas.map((data, i) => newEntry(0, term, last.index + 1 + i, data));
        const message = messageWith({
          type: MessageType.app,
          to: learner,
          from: leader,
          term,
          logTerm: last.term,
          index: last.index,
          entries,
          commit: step.commit,
        });
        if (entries.length > 0) last = { term, index: last.index + entries.length };
        return message;
      });
    });

  const messagesArb = fc.array(
    fc
      .record({
        type: fc.constantFrom(2, 3, 4, 5, 6, 8, 9, 13, 14, 15, 16, 17, 18),
        term: counterArb,
        index: counterArb,
        reject: fc.boolean(),
        context: bytesArb,
        datas: fc.array(bytesArb, { maxLength: 3 }),
      })
      .map((fields) =>
        messageWith({
          type: fields.type as MessageType,
          to: learner,
          from: leader,
          term: fields.term,
          index: fields.index,
          reject: fields.reject,
          context: fields.context,
          entries: fields.datas.map((data) => newEntry(0, 0, 0, data)),
        }),
      ),
    { maxLength: 8 },
  );

  /** Feeds `stream` in pieces whose memory gets other bytes at once; what was delivered is looked at when all is fed. */
  function feed(decoder: MessageDecoder | MsgAppDecoder, stream: Uint8Array, cuts: readonly number[]): void {
    let from = 0;
    for (const cut of [...cuts.map((cut) => cut % (stream.length + 1)).sort((a, b) => a - b), stream.length]) {
      const piece = copyBytes(stream.subarray(from, cut));
      decoder.push(piece);
      piece.fill(0xee);
      from = cut;
    }
  }

  const cutsArb = fc.oneof(
    fc.array(fc.nat(), { maxLength: 20 }),
    fc.array(fc.nat(120), { minLength: 60, maxLength: 120 }),
  );

  test("arrive on the message stream as they were sent", () => {
    fc.assert(
      fc.property(messagesArb, cutsArb, (messages, cuts) => {
        const got: Message[] = [];
        if (messages.length === 0) return;
        feed(new MessageDecoder((message) => got.push(message)), encode(messageEncoder, messages), cuts);
        expect(got.map(wire)).toEqual(messages.map(wire));
      }),
    );
  });

  test("arrive on the msgapp stream as they were sent, with heartbeats between them", () => {
    fc.assert(
      fc.property(appendsArb, cutsArb, (messages, cuts) => {
        const got: Message[] = [];
        const encoder = new MsgAppEncoder();
        const builder = new ChunkBuilder();
        encoder.heartbeat(builder);
        for (const message of messages) {
          encoder.message(message, builder);
          encoder.heartbeat(builder);
        }
        feed(new MsgAppDecoder(leader, learner, (message) => got.push(message)), framesOf(builder), cuts);
        expect(got.map(wire)).toEqual(messages.map(wire));
      }),
    );
  });

  test("a large append is gathered once, in memory of its size, and its entries stay there", () => {
    const size = 1_500_000;
    const append = (index: number): Message => {
      const entry = newEntry(0, 1, index + 1, new Uint8Array(size).fill(index));
      return messageWith({
        type: MessageType.app,
        from: leader,
        to: learner,
        term: 1,
        logTerm: index === 0 ? 0 : 1,
        index,
        entries: [entry],
      });
    };
    const messages = [append(0), append(1), append(2)];
    const got: Message[] = [];
    const stream = encode(new MsgAppEncoder(), messages);
    const cuts = Array.from({ length: Math.ceil(stream.length / 65_536) }, (_, i) => 65_536 * i);
    feed(new MsgAppDecoder(leader, learner, (message) => got.push(message)), stream, [...cuts, stream.length - 3]);
    expect(got.map(wire)).toEqual(messages.map(wire));
    // What came after the first one: a kind, how many entries, the length of the only one, the commit index.
    for (const { entries } of got.slice(1)) {
      const entry = entries[0] as Entry;
      expect(entry.data.buffer.byteLength).toBe(1 + 8 + 8 + encodeEntry(entry).length + 8);
    }
  });

  test("entries do not pin the chunk they came in", () => {
    const got: Message[] = [];
    const entry = newEntry(0, 1, 1, utf8Encode("small"));
    const message = messageWith({ type: MessageType.prop, from: leader, to: learner, entries: [entry] });
    const stream = encode(messageEncoder, [message, messageWith({ type: MessageType.vote, context: emptyBytes })]);
    new MessageDecoder((received) => got.push(received)).push(stream);
    expect(got[0]?.entries[0]?.data.buffer).toBeDefined();
    expect(got[0]?.entries[0]?.data.buffer).not.toBe(stream.buffer);
  });
});
