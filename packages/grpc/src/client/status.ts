/** How a call ended, on the client's side. */
import { Metadata } from "../metadata.ts";
import { FieldKind, type HeaderField } from "../h2/header-field.ts";
import { codeOfHttpStatus, decodeGrpcMessage, GrpcCode } from "../status.ts";

export interface CallStatus {
  readonly code: number;
  readonly message: string;
  readonly trailers: Metadata;
}

/** A call that ended with a status other than OK. */
export class GrpcStatusError extends Error {
  override readonly name = "GrpcStatusError";
  readonly code: number;
  /** The status text alone. */
  readonly details: string;
  readonly trailers: Metadata;

  constructor(status: CallStatus) {
    super(`rpc error: code = ${status.code} desc = ${status.message}`);
    this.code = status.code;
    this.details = status.message;
    this.trailers = status.trailers;
  }

  /** The serialized google.rpc.Status that came with the failure, if any. */
  get statusDetails(): Uint8Array | undefined {
    return this.trailers.getBytes("grpc-status-details-bin");
  }
}

/** Makes a status that did not come from the server. */
export function localStatus(code: number, message: string): CallStatus {
  return { code, message, trailers: new Metadata() };
}

/** Reads the status out of trailers, or out of the headers of a response without a body. */
export function readStatus(fields: readonly HeaderField[]): CallStatus {
  let code = -1;
  let message = "";
  let http = "";
  for (const { kind, value } of fields) {
    if (kind === FieldKind.grpcStatus) code = /^\d{1,9}$/.test(value) ? Number(value) : GrpcCode.unknown;
    else if (kind === FieldKind.grpcMessage) message = decodeGrpcMessage(value);
    else if (kind === FieldKind.status) http = value;
  }
  const trailers = Metadata.ofFields(fields);
  if (code >= 0) return { code, message, trailers };
  if (http !== "" && http !== "200") {
    return { code: codeOfHttpStatus(Number(http)), message: `unexpected HTTP status code ${http}`, trailers };
  }
  return { code: GrpcCode.internal, message: "the server ended the call without a status", trailers };
}
