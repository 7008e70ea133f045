/** Prints what the codecs of a put cost: µs per message, 32-byte keys and 256-byte values. */
import { decodePutRequest, encodePutRequest, encodePutResponse, newPutRequest, newResponseHeader } from "./index.ts";

const rounds = 1_000_000;
const request = { ...newPutRequest(), key: new Uint8Array(32).fill(1), value: new Uint8Array(256).fill(2) };
const encoded = encodePutRequest(request);
const ids = { clusterId: 0x1234_5678_9abc_def0n, memberId: 0xf234_5678_9abc_def0n };
const header = { ...newResponseHeader(), revision: 1_000_000, raftTerm: 3 };
Object.assign(header, ids);

function measure(what: string, action: () => unknown): void {
  for (let i = 0; i < rounds / 10; i++) action();
  const start = process.hrtime.bigint();
  for (let i = 0; i < rounds; i++) action();
  const value = Number(process.hrtime.bigint() - start) / 1000 / rounds;
  if (process.env["BENCH_JSON"] === "1") {
    console.log(JSON.stringify({ layer: "api", what, unit: "µs", value, budget: 0.5 }));
  } else console.log(`${what.padEnd(48)} ${value.toFixed(3).padStart(8)} µs  (budget 0.5)`);
}

measure("encode a put request", () => encodePutRequest(request));
measure("decode a put request", () => decodePutRequest(encoded));
measure("encode a put response", () => encodePutResponse({ header }));
