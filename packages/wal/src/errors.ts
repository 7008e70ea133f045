import { CorruptError } from "@quorate/base";

/** Why a log cannot be opened though no byte of it is damaged. */
export type WalErrorCode =
  /** `create` found segments, or files that are not its own. */
  | "exists"
  /** Another process holds a segment. */
  | "locked"
  /** No segment reaches back to the snapshot asked for. */
  | "missing"
  /** A sequence number is absent or there twice. */
  | "gap"
  /** The snapshot asked for has no record, or a record with another term. */
  | "snapshot"
  /** The log was closed. */
  | "closed";

/** The log cannot be used as asked. */
export class WalError extends Error {
  override readonly name = "WalError";
  readonly code: WalErrorCode;

  constructor(code: WalErrorCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Damage that no crash explains: somebody has to look, since cutting it off could lose acknowledged entries. */
export class WalCorruptError extends CorruptError {
  readonly file: string;
  /** Where the damaged record's frame begins, in bytes. */
  readonly offset: number;

  constructor(file: string, offset: number, message: string, options?: { readonly cause?: unknown }) {
    super(`${file} at offset ${offset}`, message, options);
    this.file = file;
    this.offset = offset;
  }
}

/** What was caught, as an error. */
export function toError(caught: unknown): Error {
  return caught instanceof Error ? caught : new Error(String(caught));
}
