import { errorTable, KvError, type KvErrorCode, ProtoError, startReader, Status } from "@quorate/api";
import type { Outcome } from "./transport.ts";

/** A call failed with something that is not in the table of expected errors: connection, deadline, foreign server. */
export class ClientError extends Error {
  override readonly name = "ClientError";
  /** gRPC status code. */
  readonly status: number;
  /** The endpoint that was asked last. */
  readonly endpoint: string;
  readonly explanation: string | undefined;

  constructor(status: number, message: string, endpoint: string, explanation?: string) {
    super(message);
    this.status = status;
    this.endpoint = endpoint;
    this.explanation = explanation;
  }
}

const codeOfText: ReadonlyMap<string, KvErrorCode> = new Map(
  Object.entries(errorTable).map(([code, [, text]]) => [text, code as KvErrorCode]),
);

/** Texts that have two codes in the table or come from the client itself are not errors of the key-value store. */
const ownTexts: ReadonlySet<string> = new Set(["context deadline exceeded", "context canceled"]);

/** The code of an expected error by its text, which is what clients of etcd go by; undefined when it is none. */
export function codeOfMessage(message: string): KvErrorCode | undefined {
  return ownTexts.has(message) ? undefined : codeOfText.get(message);
}

/** Turns a failed call into the error that callers see. */
export function toError(failure: Extract<Outcome, { ok: false }>, endpoint: string): KvError | ClientError {
  const { explanation } = failure;
  const code = codeOfMessage(failure.message);
  if (code !== undefined) return new KvError(code, explanation === undefined ? {} : { explanation });
  const message = failure.status === Status.deadlineExceeded ? "context deadline exceeded" : failure.message;
  return new ClientError(failure.status, message, endpoint, explanation);
}

const tagDetails = 26;
const tagTypeUrl = 10;
const tagValue = 18;
const tagLocalizedMessage = 18;

/**
 * Finds the explanation in the bytes of `google.rpc.Status`: the message of its first `google.rpc.LocalizedMessage`.
 *
 * @returns undefined when there is none, or when the bytes are malformed: an explanation is never worth failing for.
 */
export function explanationIn(status: Uint8Array): string | undefined {
  try {
    for (const detail of fieldsOf(status, tagDetails)) {
      const [typeUrl] = fieldsOf(detail, tagTypeUrl).map(text);
      const [value] = fieldsOf(detail, tagValue);
      if (value === undefined || !typeUrl?.endsWith("/google.rpc.LocalizedMessage")) continue;
      const [message] = fieldsOf(value, tagLocalizedMessage).map(text);
      if (message !== undefined) return message;
    }
  } catch (error) {
    if (!(error instanceof ProtoError)) throw error;
  }
  return undefined;
}

function text(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}

function fieldsOf(message: Uint8Array, wanted: number): Uint8Array[] {
  const found: Uint8Array[] = [];
  const reader = startReader(message);
  try {
    while (reader.at < message.length) {
      const tag = reader.tag(message.length);
      if (tag === wanted) found.push(reader.bytes());
      else reader.skip(tag);
    }
    return found;
  } finally {
    reader.release();
  }
}
