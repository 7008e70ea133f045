/** Prints what the codecs cost. Bundle with esbuild, run with node. */
import type { MemberId } from "@quorate/base";
import { type Message, MessageType, newEntry } from "../types.ts";
import { decodeEntry, decodeMessage, encodeEntry, encodeMessage } from "./index.ts";

let sink = 0;

function measure(name: string, rounds: number, run: (i: number) => number, budget?: number): void {
  for (let i = 0; i < rounds / 4; i++) sink += run(i);
  const start = process.hrtime.bigint();
  for (let i = 0; i < rounds; i++) sink += run(i);
  const each = Number(process.hrtime.bigint() - start) / rounds;
  if (process.env["BENCH_JSON"] === "1") {
    console.log(
      JSON.stringify({ layer: "raft", what: name, unit: "µs", value: each / 1000, ...(budget && { budget }) }),
    );
  } else console.log(`${name.padEnd(50)} ${each.toFixed(0).padStart(6)} ns`);
}

const data = new Uint8Array(300).fill(7);
const encoded = encodeEntry(newEntry(0, 3, 1_000_000, data)).slice();
const message: Message = {
  type: MessageType.app,
  to: 0xaa3f793b4f6f1a98n as MemberId,
  from: 0xb424a71d8a5a74bdn as MemberId,
  term: 3,
  logTerm: 3,
  index: 999_999,
  entries: [],
  commit: 999_990,
  snapshot: undefined,
  reject: false,
  rejectHint: 0,
  context: new Uint8Array(0),
  vote: 0n as MemberId,
};
const entries = Array.from({ length: 10 }, (_, i) => newEntry(0, 3, 1_000_000 + i, data));
const append: Message = { ...message, entries };
const appendBytes = encodeMessage(append);
const response: Message = { ...message, type: MessageType.appResp };
const responseBytes = encodeMessage(response);

measure("encode an entry of 300 bytes", 1_000_000, (i) => encodeEntry(newEntry(0, 3, i, data)).length, 0.5);
measure("decode an entry of 300 bytes", 1_000_000, () => decodeEntry(encoded).index, 0.5);
measure("encode an append of 10 encoded entries", 300_000, () => encodeMessage(append).length);
measure("decode an append of 10 entries", 300_000, () => decodeMessage(appendBytes).index);
measure("encode a response", 1_000_000, () => encodeMessage(response).length, 0.5);
measure("decode a response", 1_000_000, () => decodeMessage(responseBytes).index, 0.5);
if (sink < 0) console.log(sink);
