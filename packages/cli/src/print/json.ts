/** JSON as Go's `encoding/json` writes it: fields in the order of the message, zero values left out. */

/** Escapes what Go escapes: also <, > and &, and the two line separators of Unicode. */
export function jsonString(text: string): string {
  return JSON.stringify(text)
    .replace(/[<>&\u2028\u2029]/g, (c) => `\\u${c.charCodeAt(0).toString(16).padStart(4, "0")}`)
    .replaceAll("\\u0008", "\\b")
    .replaceAll("\\u000c", "\\f");
}

/** Builds one object; every method leaves its field out when the value is the zero value. */
export class JsonObject {
  readonly #fields: string[] = [];

  /** Puts a field whatever its value. */
  always(name: string, json: string): this {
    this.#fields.push(`"${name}":${json}`);
    return this;
  }

  number(name: string, value: number | bigint): this {
    return value === 0 || value === 0n ? this : this.always(name, String(value));
  }

  /** An identity, which is unsigned. */
  id(name: string, value: bigint): this {
    return this.number(name, BigInt.asUintN(64, value));
  }

  bool(name: string, value: boolean): this {
    return value ? this.always(name, "true") : this;
  }

  string(name: string, value: string): this {
    return value === "" ? this : this.always(name, jsonString(value));
  }

  bytes(name: string, value: Uint8Array): this {
    return value.length === 0 ? this : this.always(name, `"${Buffer.from(value).toString("base64")}"`);
  }

  object(name: string, value: JsonObject | undefined): this {
    return value === undefined ? this : this.always(name, value.text());
  }

  list(name: string, items: readonly string[]): this {
    return items.length === 0 ? this : this.always(name, `[${items.join(",")}]`);
  }

  text(): string {
    return `{${this.#fields.join(",")}}`;
  }
}
