/**
 * Metadata of a call: names and values in order, names in lower case.
 *
 * Values are byte strings (a character per byte), as header fields are. Values of names that end in `-bin` are base64
 * there and bytes here.
 */
import { type HeaderField, FieldKind, isFieldName, isFieldValue } from "./h2/header-field.ts";

/** Fields that belong to the protocol; the rest is metadata. */
function isMetadata(field: HeaderField): boolean {
  if (field.kind === FieldKind.other) return field.name !== "grpc-accept-encoding";
  return field.kind === FieldKind.contentType;
}

export class Metadata {
  /** name, value, name, value … */
  readonly #pairs: string[] = [];

  /** Reads the metadata out of a header list. */
  static ofFields(fields: readonly HeaderField[]): Metadata {
    const metadata = new Metadata();
    for (const field of fields) if (isMetadata(field)) metadata.#pairs.push(field.name, field.value);
    return metadata;
  }

  get size(): number {
    return this.#pairs.length / 2;
  }

  /** @returns the first value under `name` (lower case), undefined when there is none. */
  get(name: string): string | undefined {
    const pairs = this.#pairs;
    for (let i = 0; i < pairs.length; i += 2) if (pairs[i] === name) return pairs[i + 1];
    return undefined;
  }

  /** @returns every value under `name` (lower case), in the order sent. */
  getAll(name: string): string[] {
    return this.#pairs.filter((_value, i) => i % 2 === 1 && this.#pairs[i - 1] === name);
  }

  /** @returns the bytes of the first value under `name`, which ends in `-bin`. */
  getBytes(name: string): Uint8Array | undefined {
    const value = this.get(name);
    if (value === undefined) return undefined;
    // Values of one name may have been joined by a proxy.
    return Uint8Array.from(Buffer.from(value.split(",", 1)[0] ?? "", "base64"));
  }

  /**
   * Appends a value.
   *
   * @throws TypeError when the name is not a lower-case header name, is reserved, or the value cannot be sent.
   */
  add(name: string, value: string | Uint8Array): this {
    if (!isFieldName(name)) throw new TypeError(`not a metadata name: ${JSON.stringify(name)}`);
    if (name.endsWith("-bin")) {
      const bytes = typeof value === "string" ? Buffer.from(value, "latin1") : Buffer.from(value);
      this.#pairs.push(name, bytes.toString("base64").replace(/=+$/, ""));
      return this;
    }
    if (typeof value !== "string") throw new TypeError(`metadata ${name} takes text: bytes need a name ending in -bin`);
    if (!isFieldValue(value)) throw new TypeError(`metadata ${name} has a value that cannot be sent`);
    this.#pairs.push(name, value);
    return this;
  }

  /** Appends everything in `other`. */
  append(other: Metadata): this {
    for (const item of other.#pairs) this.#pairs.push(item);
    return this;
  }

  /** The pairs as they are sent: name, value, name, value …; not to be changed. */
  pairs(): readonly string[] {
    return this.#pairs;
  }

  *[Symbol.iterator](): IterableIterator<readonly [string, string]> {
    for (let i = 0; i < this.#pairs.length; i += 2) yield [this.#pairs[i] as string, this.#pairs[i + 1] as string];
  }
}
