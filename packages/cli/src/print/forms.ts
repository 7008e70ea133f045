/** The forms beside simple and fields: JSON, tables, and the answer's own bytes. */
import {
  type DeleteRangeResponse,
  encodeDeleteRangeResponse,
  encodePutResponse,
  encodeRangeResponse,
  encodeTxnResponse,
  type MoveLeaderResponse,
  type PutResponse,
  type RangeResponse,
  type TxnResponse,
} from "@quorate/api";
import { FieldsPrinter } from "./fields.ts";
import { JsonObject, jsonString } from "./json.ts";
import {
  deleteJson,
  hashJson,
  headerJson,
  type MembersResponse,
  membersHexJson,
  membersJson,
  putJson,
  rangeJson,
  statusJson,
  txnJson,
} from "./messages.ts";
import type { EndpointHash, EndpointStatus, Health, MemberChange, Printer, Sink } from "./printer.ts";
import { hashTable, healthTable, memberTable, statusTable, type Table } from "./rows.ts";
import { SimplePrinter } from "./simple.ts";
import { asciiTable } from "./table.ts";
import { unsupported } from "./unsupported.ts";

class JsonPrinter implements Printer {
  readonly #sink: Sink;
  readonly #isHex: boolean;

  constructor(sink: Sink, isHex: boolean) {
    this.#sink = sink;
    this.#isHex = isHex;
  }

  #line(text: string): void {
    this.#sink.out(`${text}\n`);
  }

  #list(items: readonly string[]): void {
    this.#line(items.length === 0 ? "null" : `[${items.join(",")}]`);
  }

  get(r: RangeResponse): void {
    this.#line(rangeJson(r).text());
  }

  put(r: PutResponse): void {
    this.#line(putJson(r).text());
  }

  del(r: DeleteRangeResponse): void {
    this.#line(deleteJson(r).text());
  }

  txn(r: TxnResponse): void {
    this.#line(txnJson(r).text());
  }

  memberList(r: MembersResponse): void {
    this.#line(this.#isHex ? membersHexJson(r) : membersJson(r).text());
  }

  memberChange(change: MemberChange): void {
    this.#line(membersJson(change.response).text());
  }

  health(list: readonly Health[]): void {
    this.#list(
      list.map((h) =>
        new JsonObject()
          .always("endpoint", jsonString(h.endpoint))
          .always("health", String(h.health))
          .always("took", jsonString(h.took))
          .string("error", h.error)
          .text(),
      ),
    );
  }

  status(list: readonly EndpointStatus[]): void {
    const endpoint = (text: string): JsonObject => new JsonObject().always("Endpoint", jsonString(text));
    this.#list(list.map((s) => endpoint(s.endpoint).object("Status", statusJson(s.status)).text()));
  }

  hash(list: readonly EndpointHash[]): void {
    const endpoint = (text: string): JsonObject => new JsonObject().always("Endpoint", jsonString(text));
    this.#list(list.map((h) => endpoint(h.endpoint).object("HashKV", hashJson(h.hash)).text()));
  }

  moveLeader(_leader: bigint, _target: bigint, r: MoveLeaderResponse): void {
    this.#line(new JsonObject().object("header", headerJson(r.header)).text());
  }
}

class TablePrinter implements Printer {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  #table(table: Table): void {
    this.#sink.out(asciiTable(table.header, table.rows));
  }

  get(): never {
    return unsupported("table");
  }

  put(): never {
    return unsupported("table");
  }

  del(): never {
    return unsupported("table");
  }

  txn(): never {
    return unsupported("table");
  }

  memberList(r: MembersResponse): void {
    this.#table(memberTable(r));
  }

  memberChange(): never {
    return unsupported("table");
  }

  health(list: readonly Health[]): void {
    this.#table(healthTable(list));
  }

  status(list: readonly EndpointStatus[]): void {
    this.#table(statusTable(list));
  }

  hash(list: readonly EndpointHash[]): void {
    this.#table(hashTable(list));
  }

  moveLeader(): never {
    return unsupported("table");
  }
}

class ProtobufPrinter implements Printer {
  readonly #sink: Sink;

  constructor(sink: Sink) {
    this.#sink = sink;
  }

  get(r: RangeResponse): void {
    this.#sink.out(encodeRangeResponse(r));
  }

  put(r: PutResponse): void {
    this.#sink.out(encodePutResponse(r));
  }

  del(r: DeleteRangeResponse): void {
    this.#sink.out(encodeDeleteRangeResponse(r));
  }

  txn(r: TxnResponse): void {
    this.#sink.out(encodeTxnResponse(r));
  }

  memberList(_r: MembersResponse, encoded: Uint8Array): void {
    this.#sink.out(encoded);
  }

  memberChange(change: MemberChange): void {
    this.#sink.out(change.encoded);
  }

  health(): never {
    return unsupported("protobuf");
  }

  status(): never {
    return unsupported("protobuf");
  }

  hash(): never {
    return unsupported("protobuf");
  }

  moveLeader(): never {
    return unsupported("protobuf");
  }
}

/**
 * Makes the printer of a form.
 *
 * @param form what `--write-out` says.
 * @returns undefined when there is no such form.
 */
export function makePrinter(form: string, sink: Sink, isHex: boolean, valueOnly: boolean): Printer | undefined {
  switch (form) {
    case "simple":
      return new SimplePrinter(sink, isHex, valueOnly);
    case "json":
      return new JsonPrinter(sink, isHex);
    case "fields":
      return new FieldsPrinter(sink, isHex);
    case "table":
      return new TablePrinter(sink);
    case "protobuf":
      return new ProtobufPrinter(sink);
    default:
      return undefined;
  }
}
