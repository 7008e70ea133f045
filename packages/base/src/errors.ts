/**
 * The families of errors that cross package boundaries.
 *
 * `InvariantError` means a bug of ours: nobody catches it to carry on, the member stops.
 * `AbortError` means that the caller's signal fired.
 * Expected errors of the key-value API (`KvError`) live in `api`, beside the table that gives them their texts.
 */

/** Facts that help to understand a broken invariant; values are printed, never interpreted. */
export type InvariantDetails = Readonly<Record<string, unknown>>;

function printable(value: unknown): string {
  if (typeof value === "bigint") return value.toString(16);
  if (value instanceof Uint8Array) return `${value.length} bytes`;
  if (typeof value === "object" && value !== null) {
    return JSON.stringify(value, (_key, inner: unknown) => (typeof inner === "bigint" ? inner.toString(16) : inner));
  }
  return String(value);
}

/** A condition that must hold did not: our bug, or memory that changed under us. */
export class InvariantError extends Error {
  override readonly name = "InvariantError";
  readonly details: InvariantDetails;

  constructor(message: string, details: InvariantDetails = {}) {
    const facts = Object.entries(details).map(([key, value]) => `${key}=${printable(value)}`);
    super(facts.length === 0 ? message : `${message} (${facts.join(", ")})`);
    this.details = details;
  }
}

/** The caller gave up before the outcome was known. */
export class AbortError extends Error {
  override readonly name = "AbortError";

  constructor(message = "the operation was aborted", options?: { readonly cause?: unknown }) {
    super(message, options);
  }
}

/**
 * Data read from a disk or a peer is not what its format allows.
 *
 * @param where the file, stream or record, for the operator.
 */
export class CorruptError extends Error {
  override readonly name = "CorruptError";
  readonly where: string;

  constructor(where: string, message: string, options?: { readonly cause?: unknown }) {
    super(`${where}: ${message}`, options);
    this.where = where;
  }
}

/**
 * Throws an `InvariantError` unless `condition` holds. Always on, in every build.
 *
 * @param details called only when the condition fails.
 */
export function invariant(condition: boolean, message: string, details?: () => InvariantDetails): asserts condition {
  if (!condition) throw new InvariantError(message, details?.());
}

/** Marks a branch that the type system has shown to be impossible. */
export function unreachable(value: never, message = "unreachable case"): never {
  throw new InvariantError(message, { value });
}
