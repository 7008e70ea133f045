import type {
  AlarmResponse,
  CompactionResponse,
  DeleteRangeResponse,
  KvErrorCode,
  LeaseGrantResponse,
  LeaseRevokeResponse,
  PutResponse,
  RangeResponse,
  TxnResponse,
} from "@quorate/api";

/**
 * What applying a request gave. `revision` belongs into the response header; the response's own header is not set.
 * A refusal has a code and changed nothing, except that a request over the quota was applied all the same.
 */
export type Outcome =
  | { readonly kind: "put"; readonly revision: number; readonly response: Partial<PutResponse> }
  | { readonly kind: "deleteRange"; readonly revision: number; readonly response: Partial<DeleteRangeResponse> }
  | { readonly kind: "range"; readonly revision: number; readonly response: Partial<RangeResponse> }
  | { readonly kind: "txn"; readonly revision: number; readonly response: Partial<TxnResponse> }
  | { readonly kind: "compaction"; readonly revision: number; readonly response: Partial<CompactionResponse> }
  | { readonly kind: "leaseGrant"; readonly revision: number; readonly response: Partial<LeaseGrantResponse> }
  | { readonly kind: "leaseRevoke"; readonly revision: number; readonly response: Partial<LeaseRevokeResponse> }
  | { readonly kind: "alarm"; readonly revision: number; readonly response: Partial<AlarmResponse> }
  | { readonly kind: "done"; readonly revision: number }
  | { readonly kind: "refused"; readonly revision: number; readonly code: KvErrorCode };
