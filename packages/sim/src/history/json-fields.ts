/** A line of a recorded history is not what the format allows; the message names the field. */
export class HistoryFormatError extends Error {
  override readonly name = "HistoryFormatError";
  /** Counted from 1; 0 when it is not about a line. */
  readonly line: number;

  constructor(line: number, message: string) {
    super(line > 0 ? `line ${line}: ${message}` : message);
    this.line = line;
  }
}

/** What is wrong with a value, before it is known in which line. */
export class FieldError extends Error {
  override readonly name = "FieldError";
}

/** The fields of one JSON object, each read once as what it must be; `where` names the object in messages. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>;
  readonly #left: Set<string>;
  readonly #where: string;

  constructor(value: unknown, where: string) {
    if (typeof value !== "object" || value === null || Array.isArray(value)) {
      throw new FieldError(`${where === "" ? "the line" : where} is not an object`);
    }
    this.#values = value as Readonly<Record<string, unknown>>;
    this.#left = new Set(Object.keys(value));
    this.#where = where;
  }

  #path(name: string): string {
    return this.#where === "" ? name : `${this.#where}.${name}`;
  }

  has(name: string): boolean {
    return this.#values[name] !== undefined;
  }

  /** Where the object under a name is, for messages about its own fields. */
  pathOf(name: string): string {
    return this.#path(name);
  }

  take(name: string): unknown {
    this.#left.delete(name);
    const value = this.#values[name];
    if (value === undefined) throw new FieldError(`${this.#path(name)} is missing`);
    return value;
  }

  #fail(name: string, what: string): never {
    throw new FieldError(`${this.#path(name)} is not ${what}: ${JSON.stringify(this.#values[name]) ?? "nothing"}`);
  }

  text(name: string): string {
    const value = this.take(name);
    return typeof value === "string" ? value : this.#fail(name, "a string");
  }

  flag(name: string): boolean {
    const value = this.take(name);
    return typeof value === "boolean" ? value : this.#fail(name, "true or false");
  }

  /** An integer that JSON carries exactly, not below `least`. */
  integer(name: string, least: number): number {
    const value = this.take(name);
    if (typeof value === "number" && Number.isSafeInteger(value) && value >= least) return value;
    return this.#fail(name, `an integer from ${least} to 2^53 - 1`);
  }

  /** An identity of 64 bits: an integer, or a string of decimal digits where it is too large for JSON's numbers. */
  identity(name: string): string {
    const value = this.take(name);
    if (typeof value === "number" && Number.isSafeInteger(value)) return String(value);
    if (typeof value === "string" && /^-?\d{1,19}$/.test(value)) return String(BigInt(value));
    return this.#fail(name, "an integer, or a string of decimal digits");
  }

  oneOf<T extends string>(name: string, all: readonly T[]): T {
    const value = this.take(name);
    const found = all.find((one) => one === value);
    return found ?? this.#fail(name, `one of ${all.join(", ")}`);
  }

  list(name: string): readonly unknown[] {
    const value = this.take(name);
    return Array.isArray(value) ? value : this.#fail(name, "a list");
  }

  /** Refuses what nobody has asked for: a misspelt field would go unjudged. */
  end(): void {
    for (const name of this.#left) throw new FieldError(`${this.#path(name)} is not a field of the format`);
  }
}
