import {
  type DeleteRangeResponse,
  decodeKeyValue,
  type PutResponse,
  type RangeResponse,
  type ResponseHeader,
  type TxnResponse,
} from "@quorate/api";
import { hexId } from "@quorate/base";
import { goQuote, goQuoteBytes } from "./go-text.ts";
import type { MembersResponse } from "./messages.ts";
import type { EndpointHash, EndpointStatus, Health, Printer, Sink } from "./printer.ts";
import { unsupported } from "./unsupported.ts";

/** `"Name" : value` lines. */
export class FieldsPrinter implements Printer {
  readonly #sink: Sink;
  readonly #isHex: boolean;

  constructor(sink: Sink, isHex: boolean) {
    this.#sink = sink;
    this.#isHex = isHex;
  }

  #line(name: string, value: string | number | boolean | bigint): void {
    this.#sink.out(`"${name}" : ${value}\n`);
  }

  #id(name: string, id: bigint): void {
    this.#line(name, this.#isHex ? hexId(id) : BigInt.asUintN(64, id));
  }

  /** Unknown headers print as zeros; a revision of 0 says nothing and is left out. */
  #header(header: ResponseHeader | undefined): void {
    this.#id("ClusterID", header?.clusterId ?? 0n);
    this.#id("MemberID", header?.memberId ?? 0n);
    if ((header?.revision ?? 0) > 0) this.#line("Revision", header?.revision ?? 0);
    this.#line("RaftTerm", header?.raftTerm ?? 0);
  }

  #pair(prefix: string, encoded: Uint8Array): void {
    const kv = decodeKeyValue(encoded);
    this.#line(`${prefix}Key`, goQuoteBytes(kv.key));
    this.#line(`${prefix}CreateRevision`, kv.createRevision);
    this.#line(`${prefix}ModRevision`, kv.modRevision);
    this.#line(`${prefix}Version`, kv.version);
    this.#line(`${prefix}Value`, goQuoteBytes(kv.value));
    this.#line(`${prefix}Lease`, this.#isHex ? hexId(kv.lease).padStart(16, "0") : kv.lease);
  }

  get(r: RangeResponse): void {
    this.#header(r.header);
    for (const kv of r.kvs) this.#pair("", kv);
    this.#line("More", r.more);
    this.#line("Count", r.count);
  }

  put(r: PutResponse): void {
    this.#header(r.header);
    if (r.prevKv !== undefined) this.#pair("Prev", r.prevKv);
  }

  del(r: DeleteRangeResponse): void {
    this.#header(r.header);
    this.#line("Deleted", r.deleted);
    for (const kv of r.prevKvs) this.#pair("Prev", kv);
  }

  txn(r: TxnResponse): void {
    this.#header(r.header);
    this.#line("Succeeded", r.succeeded);
    for (const op of r.responses) {
      if (op.responseRange !== undefined) this.get(op.responseRange);
      else if (op.responsePut !== undefined) this.put(op.responsePut);
      else if (op.responseDeleteRange !== undefined) this.del(op.responseDeleteRange);
      else if (op.responseTxn !== undefined) this.txn(op.responseTxn);
    }
  }

  memberList(r: MembersResponse): void {
    this.#header(r.header);
    for (const m of r.members) {
      this.#id("ID", m.id);
      this.#line("Name", goQuote(m.name));
      for (const url of m.peerUrls) this.#line("PeerURL", goQuote(url));
      for (const url of m.clientUrls) this.#line("ClientURL", goQuote(url));
      this.#line("IsLearner", m.isLearner);
      this.#sink.out("\n");
    }
  }

  memberChange(): never {
    return unsupported("fields");
  }

  health(list: readonly Health[]): void {
    for (const h of list) {
      this.#line("Endpoint", goQuote(h.endpoint));
      this.#line("Health", h.health);
      this.#line("Took", h.took);
      this.#line("Error", h.error);
      this.#sink.out("\n");
    }
  }

  status(list: readonly EndpointStatus[]): void {
    for (const { endpoint, status: s } of list) {
      this.#header(s.header);
      this.#line("Version", goQuote(s.version));
      this.#line("StorageVersion", goQuote(s.storageVersion));
      this.#line("DBSize", s.dbSize);
      this.#line("DBSizeInUse", s.dbSizeInUse);
      this.#line("DBSizeQuota", s.dbSizeQuota);
      this.#line("Leader", BigInt.asUintN(64, s.leader));
      this.#line("IsLearner", s.isLearner);
      this.#line("RaftIndex", s.raftIndex);
      this.#line("RaftTerm", s.raftTerm);
      this.#line("RaftAppliedIndex", s.raftAppliedIndex);
      this.#line("Errors", `[${s.errors.join(" ")}]`);
      this.#line("Endpoint", goQuote(endpoint));
      this.#line("DowngradeTargetVersion", goQuote(s.downgradeInfo?.targetVersion ?? ""));
      this.#line("DowngradeEnabled", s.downgradeInfo?.enabled ?? false);
      this.#sink.out("\n");
    }
  }

  hash(list: readonly EndpointHash[]): void {
    for (const { endpoint, hash } of list) {
      this.#header(hash.header);
      this.#line("Endpoint", goQuote(endpoint));
      this.#line("Hash", hash.hash);
      this.#line("HashRevision", hash.hashRevision);
      this.#sink.out("\n");
    }
  }

  moveLeader(): never {
    return unsupported("fields");
  }
}
