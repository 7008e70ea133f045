import {
  type DeleteRangeResponse,
  decodeKeyValue,
  type MoveLeaderResponse,
  type PutResponse,
  type RangeResponse,
  type TxnResponse,
} from "@quorate/api";
import { hexId } from "@quorate/base";
import type { MembersResponse } from "./messages.ts";
import type { EndpointHash, EndpointStatus, Health, MemberChange, Printer, Sink } from "./printer.ts";
import { hashTable, memberTable, statusTable, type Table } from "./rows.ts";

const newline = new Uint8Array([0x0a]);

/** Bytes as `\x66\x6f`. */
function hexBytes(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += `\\x${byte.toString(16).padStart(2, "0")}`;
  return text;
}

const pastTense = { remove: "removed from", update: "updated in", promote: "promoted in" } as const;

/** Lines for people and shell scripts. */
export class SimplePrinter implements Printer {
  readonly #sink: Sink;
  readonly #isHex: boolean;
  readonly #valueOnly: boolean;

  constructor(sink: Sink, isHex: boolean, valueOnly: boolean) {
    this.#sink = sink;
    this.#isHex = isHex;
    this.#valueOnly = valueOnly;
  }

  #bytes(bytes: Uint8Array): void {
    this.#sink.out(this.#isHex ? hexBytes(bytes) : bytes);
    this.#sink.out(newline);
  }

  #pairs(kvs: readonly Uint8Array[]): void {
    for (const encoded of kvs) {
      const kv = decodeKeyValue(encoded);
      if (!this.#valueOnly) this.#bytes(kv.key);
      this.#bytes(kv.value);
    }
  }

  get(r: RangeResponse): void {
    this.#pairs(r.kvs);
  }

  put(r: PutResponse): void {
    this.#sink.out("OK\n");
    if (r.prevKv !== undefined) this.#pairs([r.prevKv]);
  }

  del(r: DeleteRangeResponse): void {
    this.#sink.out(`${r.deleted}\n`);
    this.#pairs(r.prevKvs);
  }

  txn(r: TxnResponse): void {
    this.#sink.out(r.succeeded ? "SUCCESS\n" : "FAILURE\n");
    for (const op of r.responses) {
      this.#sink.out("\n");
      if (op.responseRange !== undefined) this.get(op.responseRange);
      else if (op.responsePut !== undefined) this.put(op.responsePut);
      else if (op.responseDeleteRange !== undefined) this.del(op.responseDeleteRange);
      else if (op.responseTxn !== undefined) this.txn(op.responseTxn);
    }
  }

  #rows(table: Table): void {
    for (const row of table.rows) this.#sink.out(`${row.join(", ")}\n`);
  }

  memberList(r: MembersResponse): void {
    this.#rows(memberTable(r));
  }

  memberChange({ kind, id, response }: MemberChange): void {
    const member = hexId(id).padStart(16);
    const cluster = hexId(response.header?.clusterId ?? 0n).padStart(16);
    const learner = response.member?.isLearner === true ? " as learner" : "";
    const done = kind === "add" ? `added${learner} to` : pastTense[kind];
    this.#sink.out(`Member ${member} ${done} cluster ${cluster}\n`);
  }

  health(list: readonly Health[]): void {
    for (const h of list) {
      if (h.error === "") {
        this.#sink.out(`${h.endpoint} is healthy: successfully committed proposal: took = ${h.took}\n`);
      } else this.#sink.err(`${h.endpoint} is unhealthy: failed to commit proposal: ${h.error}\n`);
    }
  }

  status(list: readonly EndpointStatus[]): void {
    this.#rows(statusTable(list));
  }

  hash(list: readonly EndpointHash[]): void {
    this.#rows(hashTable(list));
  }

  moveLeader(leader: bigint, target: bigint, _r: MoveLeaderResponse): void {
    this.#sink.out(`Leadership transferred from ${hexId(leader)} to ${hexId(target)}\n`);
  }
}
