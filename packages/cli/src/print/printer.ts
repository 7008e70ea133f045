import type {
  DeleteRangeResponse,
  HashKVResponse,
  MoveLeaderResponse,
  PutResponse,
  RangeResponse,
  StatusResponse,
  TxnResponse,
} from "@quorate/api";
import type { MembersResponse } from "./messages.ts";

/** One endpoint's health; `error` is empty when it is well. */
export interface Health {
  readonly endpoint: string;
  readonly health: boolean;
  /** A Go duration; empty when nothing was asked. */
  readonly took: string;
  readonly error: string;
}

export interface EndpointStatus {
  readonly endpoint: string;
  readonly status: StatusResponse;
}

export interface EndpointHash {
  readonly endpoint: string;
  readonly hash: HashKVResponse;
}

/** What was done to a member, with the answer's exact message for the raw form. */
export interface MemberChange {
  readonly kind: "add" | "remove" | "update" | "promote";
  readonly id: bigint;
  readonly response: MembersResponse;
  readonly encoded: Uint8Array;
}

/** Where a printer writes. */
export interface Sink {
  out(text: string | Uint8Array): void;
  err(text: string): void;
}

/** One form of output. What a form does not offer throws `CommandError`, after the request, as etcdctl does. */
export interface Printer {
  get(r: RangeResponse): void;
  put(r: PutResponse): void;
  del(r: DeleteRangeResponse): void;
  txn(r: TxnResponse): void;
  memberList(r: MembersResponse, encoded: Uint8Array): void;
  memberChange(change: MemberChange): void;
  health(list: readonly Health[]): void;
  status(list: readonly EndpointStatus[]): void;
  hash(list: readonly EndpointHash[]): void;
  moveLeader(leader: bigint, target: bigint, r: MoveLeaderResponse): void;
}
