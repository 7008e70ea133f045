import { CorruptError, emptyBytes, type MemberId } from "@quorate/base";
import fc from "fast-check";
import protobuf from "protobufjs";
import { describe, expect, test } from "vitest";
import {
  type ConfChange,
  type ConfChangeV2,
  type ConfState,
  type Entry,
  type HardState,
  type Message,
  MessageType,
  newEntry,
  type Snapshot,
  type SnapshotMetadata,
} from "../types.ts";
import * as codec from "./index.ts";

const schema = protobuf.parse(
  `syntax = "proto2";
  message Entry { optional uint32 Type = 1; optional uint64 Term = 2; optional uint64 Index = 3; optional bytes Data = 4; }
  message HardState { optional uint64 term = 1; optional uint64 vote = 2; optional uint64 commit = 3; }
  message ConfState {
    repeated uint64 voters = 1; repeated uint64 learners = 2; repeated uint64 voters_outgoing = 3;
    repeated uint64 learners_next = 4; optional bool auto_leave = 5;
  }
  message SnapshotMetadata { optional ConfState conf_state = 1; optional uint64 index = 2; optional uint64 term = 3; }
  message Snapshot { optional bytes data = 1; optional SnapshotMetadata metadata = 2; }
  message Message {
    optional uint32 type = 1; optional uint64 to = 2; optional uint64 from = 3; optional uint64 term = 4;
    optional uint64 logTerm = 5; optional uint64 index = 6; repeated Entry entries = 7; optional uint64 commit = 8;
    optional Snapshot snapshot = 9; optional bool reject = 10; optional uint64 rejectHint = 11;
    optional bytes context = 12; optional uint64 vote = 13;
  }
  message ConfChange { optional uint64 id = 1; optional uint32 type = 2; optional uint64 node_id = 3; optional bytes context = 4; }
  message ConfChangeSingle { optional uint32 type = 1; optional uint64 node_id = 2; }
  message ConfChangeV2 { optional uint32 transition = 1; repeated ConfChangeSingle changes = 2; optional bytes context = 3; }`,
  { keepCase: true },
).root;

/** What the reflection sees in `bytes`, with 64-bit numbers as decimal strings and bytes as hexadecimal. */
function reflect(type: string, bytes: Uint8Array): unknown {
  const known = schema.lookupType(type);
  return plain(known.toObject(known.decode(bytes), { longs: String, arrays: true }));
}

function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString("hex");
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, plain(inner)]));
}

function reflectEncode(type: string, value: object): Uint8Array {
  const known = schema.lookupType(type);
  return known.encode(known.fromObject(value)).finish();
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");
const fromHex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text.replaceAll(" ", ""), "hex"));

const counter = fc.oneof(
  fc.nat(300),
  fc.maxSafeNat(),
  fc.nat(53).map((bits) => 2 ** bits - 1),
);
const id = fc
  .oneof(fc.bigInt({ min: 0n, max: 300n }), fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }))
  .map((value) => value as MemberId);
const bytes = fc.uint8Array({ maxLength: 200 });
const entry: fc.Arbitrary<Entry> = fc
  .tuple(fc.constantFrom(0, 1, 2), counter, counter, bytes)
  .map(([type, term, index, data]) => newEntry(type as 0 | 1 | 2, term, index, data));
const confState: fc.Arbitrary<ConfState> = fc.record({
  voters: fc.array(id, { maxLength: 5 }),
  learners: fc.array(id, { maxLength: 3 }),
  votersOutgoing: fc.array(id, { maxLength: 3 }),
  learnersNext: fc.array(id, { maxLength: 3 }),
  autoLeave: fc.boolean(),
});
const metadata: fc.Arbitrary<SnapshotMetadata> = fc.record({ confState, index: counter, term: counter });
const snapshot: fc.Arbitrary<Snapshot> = fc.record({ data: bytes, metadata });
const hardState: fc.Arbitrary<HardState> = fc.record({ term: counter, vote: id, commit: counter });
const message: fc.Arbitrary<Message> = fc
  .record({
    type: fc.constantFrom(...Object.values(MessageType)),
    to: id,
    from: id,
    term: counter,
    logTerm: counter,
    index: counter,
    entries: fc.array(entry, { maxLength: 4 }),
    commit: counter,
    snapshot: fc.option(snapshot, { nil: undefined }),
    reject: fc.boolean(),
    rejectHint: counter,
    context: bytes,
    vote: id,
  })
  .filter((m) => m.snapshot === undefined || m.snapshot.metadata.index > 0);

const entryObject = (e: Entry): object => ({
  Type: e.type,
  Term: String(e.term),
  Index: String(e.index),
  ...(e.data.length > 0 && { Data: e.data }),
});
const confStateObject = (s: ConfState): object => ({
  voters: s.voters.map(String),
  learners: s.learners.map(String),
  voters_outgoing: s.votersOutgoing.map(String),
  learners_next: s.learnersNext.map(String),
  auto_leave: s.autoLeave,
});
const metadataObject = (m: SnapshotMetadata): object => ({
  conf_state: confStateObject(m.confState),
  index: String(m.index),
  term: String(m.term),
});
const snapshotObject = (s: Snapshot): object => ({
  ...(s.data.length > 0 && { data: s.data }),
  metadata: metadataObject(s.metadata),
});
const messageObject = (m: Message): object => ({
  type: m.type,
  to: String(m.to),
  from: String(m.from),
  term: String(m.term),
  logTerm: String(m.logTerm),
  index: String(m.index),
  entries: m.entries.map(entryObject),
  commit: String(m.commit),
  ...(m.snapshot !== undefined && { snapshot: snapshotObject(m.snapshot) }),
  reject: m.reject,
  rejectHint: String(m.rejectHint),
  ...(m.context.length > 0 && { context: m.context }),
  vote: String(m.vote),
});
const changeObject = (c: ConfChange): object => ({
  id: String(c.id),
  type: c.type,
  node_id: String(c.nodeId),
  ...(c.context.length > 0 && { context: c.context }),
});
const changeV2Object = (c: ConfChangeV2): object => ({
  transition: c.transition,
  changes: c.changes.map((s) => ({ type: s.type, node_id: String(s.nodeId) })),
  ...(c.context.length > 0 && { context: c.context }),
});

/** Forgets the cached encodings, which are no part of a value. */
const bare = (e: Entry): Entry => newEntry(e.type, e.term, e.index, e.data);
const bareMessage = (m: Message): Message => ({ ...m, entries: m.entries.map(bare) });

function agrees<T>(
  type: string,
  values: fc.Arbitrary<T>,
  toObject: (value: T) => object,
  encode: (value: T) => Uint8Array,
  decode: (bytes: Uint8Array) => T,
  strip: (value: T) => T = (value) => value,
): void {
  fc.assert(
    fc.property(values, (value) => {
      const ours = encode(value);
      const object = toObject(value);
      expect(reflect(type, ours)).toEqual(plain(object));
      expect(hex(ours)).toBe(hex(reflectEncode(type, object)));
      expect(strip(decode(ours))).toEqual(strip(value));
    }),
    { numRuns: 300 },
  );
}

describe("codecs agree with reflection in both directions", () => {
  test("entry", () => agrees("Entry", entry, entryObject, codec.encodeEntry, codec.decodeEntry, bare));
  test("hard state", () => {
    agrees(
      "HardState",
      hardState,
      (s) => ({ term: String(s.term), vote: String(s.vote), commit: String(s.commit) }),
      codec.encodeHardState,
      codec.decodeHardState,
    );
  });
  test("configuration", () =>
    agrees("ConfState", confState, confStateObject, codec.encodeConfState, codec.decodeConfState));
  test("snapshot metadata", () =>
    agrees("SnapshotMetadata", metadata, metadataObject, codec.encodeSnapshotMetadata, codec.decodeSnapshotMetadata));
  test("snapshot", () => agrees("Snapshot", snapshot, snapshotObject, codec.encodeSnapshot, codec.decodeSnapshot));
  test("message", () =>
    agrees("Message", message, messageObject, codec.encodeMessage, codec.decodeMessage, bareMessage));
  test("configuration change", () => {
    const change = fc.record({ id, type: fc.constantFrom(0, 1, 2, 3), nodeId: id, context: bytes });
    agrees("ConfChange", change as fc.Arbitrary<ConfChange>, changeObject, codec.encodeConfChange, (b) =>
      codec.decodeConfChange(b),
    );
  });
  test("set of configuration changes", () => {
    const single = fc.record({ type: fc.constantFrom(0, 1, 2, 3), nodeId: id });
    const change = fc.record({
      transition: fc.constantFrom(0, 1, 2),
      changes: fc.array(single, { maxLength: 5 }),
      context: bytes,
    });
    agrees("ConfChangeV2", change as fc.Arbitrary<ConfChangeV2>, changeV2Object, codec.encodeConfChangeV2, (b) =>
      codec.decodeConfChangeV2(b),
    );
  });
});

describe("entries", () => {
  test("are encoded once and keep the encoding", () => {
    const e = newEntry(0, 2, 6, fromHex("22080a026b3112027631a2060a08869cd280abbfe8de74"));
    const first = codec.encodeEntry(e);
    expect(hex(first)).toBe("080010021806221722080a026b3112027631a2060a08869cd280abbfe8de74");
    expect(codec.encodeEntry(e)).toBe(first);
  });

  test("are encoded around large data where it lies, once, and as any other", () => {
    const size = fc.constantFrom(1, 32_767, 32_768, 70_000, 2_200_000);
    const header = fc.record({ type: fc.constantFrom(0, 1, 2), term: counter, index: counter, size });
    fc.assert(
      fc.property(header, ({ type, term, index, size }) => {
        const data = codec.entryData(size);
        expect(data.every((byte) => byte === 0)).toBe(true);
        data.fill(7);
        const around = codec.encodeEntry(newEntry(type as 0 | 1 | 2, term, index, data));
        expect(around.buffer === data.buffer).toBe(size >= 32_768);
        const copied = codec.encodeEntry(newEntry(type as 0 | 1 | 2, term, index, data));
        expect(copied.buffer).not.toBe(data.buffer);
        expect(Buffer.compare(around, copied)).toBe(0);
        const decoded = codec.decodeEntry(around);
        expect([decoded.type, decoded.term, decoded.index]).toEqual([type, term, index]);
        expect(decoded.data.length).toBe(size);
        // Nothing was written over the data, here or where an entry has only its later part.
        expect(data.every((byte) => byte === 7)).toBe(true);
        const whole = codec.entryData(size).fill(9);
        const part = codec.encodeEntry(newEntry(0, term, index, whole.subarray(1)));
        expect(codec.decodeEntry(part).data.length).toBe(size - 1);
        expect(part.buffer).not.toBe(whole.buffer);
        expect(whole.every((byte) => byte === 9)).toBe(true);
      }),
      { numRuns: 30 },
    );
  });

  test("keep their neighbours' bytes intact across slabs", () => {
    const many = Array.from({ length: 500 }, (_, i) => newEntry(0, 1, i, new Uint8Array(700).fill(i)));
    for (const e of many) codec.encodeEntry(e);
    for (const e of many) {
      const back = codec.decodeEntry(codec.encodeEntry(e));
      expect(back.index).toBe(e.index);
      expect(hex(back.data)).toBe(hex(e.data));
    }
  });

  test("keep canonical input as their encoding, and only that", () => {
    const canonical = fromHex("0800 1002 1806 2203 6b3d76");
    expect(codec.decodeEntry(canonical).encoded).toEqual(canonical);
    const others = [
      "1002 1806 2203 6b3d76", // sparse, as 3.7 writes
      "1002 0800 1806 2203 6b3d76", // another order
      "0800 1002 1806 2200", // present though empty
      "0800 1002 1806 2801", // a field that nobody knows
      "0800 1082 00 1806", // a varint longer than needed
      "0800 1001 1002 1806", // a field twice
    ];
    for (const other of others) expect(codec.decodeEntry(fromHex(other)).encoded, other).toBeUndefined();
    expect(codec.decodeEntry(fromHex("0800 1002 1806 2801"))).toEqual(newEntry(0, 2, 6, emptyBytes));
  });

  test("are read from the middle of a buffer", () => {
    const buffer = fromHex("ffff 0801 1002 1806 22 01 61 ffff");
    const e = codec.decodeEntry(buffer, 2, 11);
    expect([e.type, e.term, e.index, hex(e.data), hex(e.encoded as Uint8Array)]).toEqual([
      1,
      2,
      6,
      "61",
      "080110021806220161",
    ]);
  });
});

describe("captured bytes of etcd", () => {
  test("the empty heartbeat of 3.4, 3.6 and 3.7 mean the same", () => {
    const forms = [
      "08081000180020002800300040004a0a12080a0228001000180050005800",
      "0808100018002000280030004000500058006800",
      "0808",
    ];
    const heartbeats = forms.map((form) => codec.decodeMessage(fromHex(form)));
    expect(heartbeats[0]).toEqual(heartbeats[1]);
    expect(heartbeats[2]).toEqual(heartbeats[1]);
    expect(heartbeats[0]?.snapshot).toBeUndefined();
    expect(hex(codec.encodeMessage(heartbeats[0] as Message))).toBe(forms[1]);
  });

  test("a heartbeat of 3.4", () => {
    const m = codec.decodeMessage(
      fromHex(
        "0808 1098b5bcfbb4a7de9faa01 18bde9e9d2d8e3a992b401 2002 2800 3000 4000 4a0a12080a02280010001800 5000 5800",
      ),
    );
    expect(m.type).toBe(MessageType.heartbeat);
    expect(m.to).toBe(0xaa3f793b4f6f1a98n);
    expect(m.from).toBe(0xb424a71d8a5a74bdn);
    expect(m.term).toBe(2);
  });

  test("a removal inside an entry", () => {
    const e = codec.decodeEntry(fromHex("0801 1002 1806 2217 0886b683f4abbfe8de74 1001 18bde9e9d2d8e3a992b401"));
    const change = codec.decodeConfChange(e.data);
    expect(change).toEqual({
      id: 8412057777307966214n,
      type: 1,
      nodeId: 0xb424a71d8a5a74bdn,
      context: emptyBytes,
    });
    expect(hex(codec.encodeConfChange(change))).toBe(hex(e.data));
  });

  test("the metadata of a snapshot with a learner", () => {
    const text = "0a1808bde9e9d2d8e3a992b4011098b5bcfbb4a7de9faa01280010a22a1803";
    const m = codec.decodeSnapshotMetadata(fromHex(text));
    expect(m.confState.voters).toEqual([0xb424a71d8a5a74bdn]);
    expect(m.confState.learners).toEqual([0xaa3f793b4f6f1a98n]);
    expect([m.index, m.term]).toEqual([5410, 3]);
    expect(hex(codec.encodeSnapshotMetadata(m))).toBe(text);
  });
});

describe("decoders", () => {
  test("read packed lists of ids", () => {
    const state = codec.decodeConfState(fromHex("0a03 01 ac02 1201 05"));
    expect(state.voters).toEqual([1n, 300n]);
    expect(state.learners).toEqual([5n]);
  });

  test("refuse counters past the safe integers, and take ids of 64 bits (M42)", () => {
    const tooLarge = "8080808080808010"; // 2^53
    expect(() => codec.decodeEntry(fromHex(`18${tooLarge}`))).toThrow("a counter is out of range");
    expect(() => codec.decodeHardState(fromHex(`18${tooLarge}`))).toThrow(CorruptError);
    expect(() => codec.decodeMessage(fromHex(`30${tooLarge}`))).toThrow(CorruptError);
    expect(codec.decodeHardState(fromHex("10ffffffffffffffffff01")).vote).toBe(2n ** 64n - 1n);
    expect(codec.decodeEntry(fromHex("18ffffffffffffff0f")).index).toBe(Number.MAX_SAFE_INTEGER);
  });

  test("refuse kinds that nobody knows, but leave message types to raft", () => {
    expect(() => codec.decodeEntry(fromHex("0803"))).toThrow("entry type 3 is unknown");
    expect(() => codec.decodeConfChange(fromHex("1004"))).toThrow("configuration change type 4 is unknown");
    expect(codec.decodeMessage(fromHex("0863")).type).toBe(99);
  });

  test("skip unknown fields of every wire type, and groups within groups", () => {
    const unknown = "7801 7900000000000000 00 7a0261ff 7d00000000 7b 83 01 0801 84 01 7c";
    const e = codec.decodeEntry(fromHex(`${unknown} 1806`));
    expect(e.index).toBe(6);
    expect(() => codec.decodeEntry(fromHex("7b"))).toThrow("a group does not end");
    expect(() => codec.decodeEntry(fromHex("7b 84 01"))).toThrow("a group ends that did not start");
  });

  test("name the place in their errors", () => {
    expect(() => codec.decodeEntry(fromHex("2205"), 0, 2, "segment 3 at 40")).toThrow("segment 3 at 40: ");
  });

  test("turn any garbage into a value or a CorruptError, and never read past the end", () => {
    const decoders: ((b: Uint8Array) => unknown)[] = [
      (b) => codec.decodeEntry(b),
      (b) => codec.decodeMessage(b),
      (b) => codec.decodeSnapshot(b),
      (b) => codec.decodeHardState(b),
      (b) => codec.decodeConfChange(b),
      (b) => codec.decodeConfChangeV2(b),
    ];
    fc.assert(
      fc.property(message, fc.array(fc.tuple(fc.nat(), fc.nat(255)), { maxLength: 4 }), fc.nat(), (m, flips, cut) => {
        const valid = codec.encodeMessage(m);
        for (const [at, value] of flips) valid[at % valid.length] = value;
        const damaged = valid.subarray(0, cut % (valid.length + 1));
        for (const decode of decoders) {
          try {
            decode(damaged);
          } catch (error) {
            expect(error).toBeInstanceOf(CorruptError);
          }
        }
      }),
      { numRuns: 500 },
    );
  });
});

describe("encoders", () => {
  test("splice what an entry has encoded", () => {
    const e = newEntry(0, 2, 6, Uint8Array.of(1));
    e.encoded = fromHex("100218062201 aa");
    const m = codec.decodeMessage(fromHex("0803"));
    expect(hex(codec.encodeMessage({ ...m, entries: [e] }))).toContain("3a07100218062201aa");
  });

  test("cache the encoding for appends, not for forwarded proposals", () => {
    const m = codec.decodeMessage(emptyBytes);
    const proposed = newEntry(0, 0, 0, Uint8Array.of(1));
    codec.encodeMessage({ ...m, type: MessageType.prop, entries: [proposed] });
    expect(proposed.encoded).toBeUndefined();
    const appended = newEntry(0, 1, 1, Uint8Array.of(1));
    codec.encodeMessage({ ...m, type: MessageType.app, entries: [appended] });
    expect(appended.encoded).toBeDefined();
  });

  test("refuse counters that are none", () => {
    for (const index of [-1, 0.5, 2 ** 53, Number.NaN]) {
      expect(() => codec.encodeHardState({ term: 1, vote: 0n as MemberId, commit: index }), String(index)).toThrow();
    }
  });
});
