/**
 * A strict reader for the part of YAML that configuration files use: nested maps and lists by indentation, lists and
 * maps in brackets over any number of lines (so JSON too), plain and quoted words, comments.
 *
 * What is outside (anchors, tags, block texts, several documents, tabs as indentation, keys given twice) is refused
 * with the number of the line, never guessed at.
 */

export type YamlValue = string | number | boolean | null | readonly YamlValue[] | YamlMap;
export type YamlMap = ReadonlyMap<string, YamlValue>;

export class YamlError extends Error {
  override readonly name = "YamlError";

  /** @param line counted from 1. */
  constructor(line: number, message: string) {
    super(`line ${line}: ${message}`);
  }
}

const nestingMax = 32;

interface Line {
  readonly number: number;
  readonly indent: number;
  readonly text: string;
}

/** Reads a word as YAML 1.1 does. */
function scalar(text: string): YamlValue {
  if (text === "" || text === "~" || /^null$/i.test(text)) return null;
  if (/^(true|yes|on)$/i.test(text)) return true;
  if (/^(false|no|off)$/i.test(text)) return false;
  if (/^[-+]?(0|[1-9]\d*)(\.\d*)?([eE][-+]?\d+)?$/.test(text)) return Number(text);
  return text;
}

/** Cuts a comment, which starts at a `#` behind a space and outside of quotes. */
function withoutComment(text: string): string {
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quote !== "") {
      if (c === "\\" && quote === '"') i += 1;
      else if (c === quote) quote = "";
    } else if (c === "#" && (i === 0 || /\s/.test(text[i - 1] as string))) return text.slice(0, i);
    else if ((c === '"' || c === "'") && (i === 0 || /[\s:[{,]/.test(text[i - 1] as string))) quote = c;
  }
  return text;
}

/** Reads a value in brackets or quotes; what follows the value is left to the caller. */
class FlowReader {
  readonly #text: string;
  readonly #line: number;
  at = 0;

  constructor(text: string, line: number) {
    this.#text = text;
    this.#line = line;
  }

  #fail(message: string): YamlError {
    return new YamlError(this.#line + this.#text.slice(0, this.at).split("\n").length - 1, message);
  }

  skipSpace(): void {
    while (/\s/.test(this.#text[this.at] ?? "")) this.at += 1;
  }

  value(depth: number): YamlValue {
    if (depth > nestingMax) throw this.#fail("nested too deeply");
    this.skipSpace();
    const c = this.#text[this.at];
    if (c === "[") return this.#list(depth);
    if (c === "{") return this.#map(depth);
    if (c === '"' || c === "'") return this.#quoted(c);
    return scalar(this.#plain(/[,\]}\n]/).trim());
  }

  #plain(end: RegExp): string {
    const start = this.at;
    while (this.at < this.#text.length && !end.test(this.#text[this.at] as string)) {
      // A colon ends a key only before a space, so that URLs stay whole.
      if (end.source.includes(":") && this.#text[this.at] === ":" && /\S/.test(this.#text[this.at + 1] ?? " ")) break;
      this.at += 1;
    }
    return this.#text.slice(start, this.at);
  }

  #quoted(quote: string): string {
    const start = this.at;
    for (this.at += 1; this.at < this.#text.length; this.at++) {
      const c = this.#text[this.at] as string;
      if (c === "\\" && quote === '"') this.at += 1;
      else if (c === quote) {
        if (quote === "'" && this.#text[this.at + 1] === "'") this.at += 1;
        else return this.#unquote(this.#text.slice(start, ++this.at), quote);
      }
    }
    throw this.#fail("the quote is not closed");
  }

  #unquote(text: string, quote: string): string {
    if (quote === "'") return text.slice(1, -1).replaceAll("''", "'");
    try {
      return JSON.parse(text) as string;
    } catch (error) {
      throw new YamlError(this.#line, `bad escape in ${text}: ${String(error)}`);
    }
  }

  #next(close: string): boolean {
    this.skipSpace();
    const c = this.#text[this.at];
    if (c === ",") {
      this.at += 1;
      this.skipSpace();
      if (this.#text[this.at] !== close) return true;
    }
    if (this.#text[this.at] !== close) throw this.#fail(`expected , or ${close}`);
    this.at += 1;
    return false;
  }

  #list(depth: number): YamlValue[] {
    const list: YamlValue[] = [];
    this.at += 1;
    this.skipSpace();
    if (this.#text[this.at] === "]") {
      this.at += 1;
      return list;
    }
    do list.push(this.value(depth + 1));
    while (this.#next("]"));
    return list;
  }

  #map(depth: number): YamlMap {
    const map = new Map<string, YamlValue>();
    this.at += 1;
    this.skipSpace();
    if (this.#text[this.at] === "}") {
      this.at += 1;
      return map;
    }
    do {
      this.skipSpace();
      const c = this.#text[this.at];
      const key = c === '"' || c === "'" ? this.#quoted(c) : this.#plain(/[:,}\n]/).trim();
      this.skipSpace();
      if (this.#text[this.at] !== ":") throw this.#fail(`expected : behind ${key}`);
      this.at += 1;
      if (map.has(key)) throw this.#fail(`key ${key} is given twice`);
      map.set(key, this.value(depth + 1));
    } while (this.#next("}"));
    return map;
  }

  expectEnd(): void {
    this.skipSpace();
    if (this.at < this.#text.length) throw this.#fail(`unexpected ${this.#text.slice(this.at, this.at + 20)}`);
  }
}

function brackets(text: string): number {
  let open = 0;
  let quote = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i] as string;
    if (quote !== "") {
      if (c === "\\" && quote === '"') i += 1;
      else if (c === quote) quote = "";
    } else if (c === '"' || c === "'") quote = c;
    else if (c === "[" || c === "{") open += 1;
    else if (c === "]" || c === "}") open -= 1;
  }
  return open;
}

class BlockReader {
  readonly #lines: readonly Line[];
  #at = 0;

  constructor(lines: readonly Line[]) {
    this.#lines = lines;
  }

  #peek(): Line | undefined {
    return this.#lines[this.#at];
  }

  /** Reads the map or list whose lines stand at `indent`. */
  block(indent: number, depth: number): YamlValue {
    const first = this.#peek() as Line;
    if (depth > nestingMax) throw new YamlError(first.number, "nested too deeply");
    const value = /^-(\s|$)/.test(first.text) ? this.#list(indent, depth) : this.#map(indent, depth);
    const next = this.#peek();
    if (next !== undefined && next.indent > indent) throw new YamlError(next.number, "unexpected indentation");
    return value;
  }

  #list(indent: number, depth: number): YamlValue[] {
    const list: YamlValue[] = [];
    for (let line = this.#peek(); line !== undefined && line.indent === indent; line = this.#peek()) {
      if (!/^-(\s|$)/.test(line.text)) break;
      this.#at += 1;
      list.push(this.#value(line, line.text.slice(1).trim(), indent, depth));
    }
    return list;
  }

  #map(indent: number, depth: number): YamlMap {
    const map = new Map<string, YamlValue>();
    for (let line = this.#peek(); line !== undefined && line.indent === indent; line = this.#peek()) {
      const match = /^("[^"]*"|'[^']*'|[^\s#'"[{][^:]*(?::\S[^:]*)*?)\s*:(?:\s+(.*))?$/.exec(line.text);
      if (match === null) throw new YamlError(line.number, `expected "key: value", found ${line.text.slice(0, 40)}`);
      const key = (match[1] as string).replace(/^(["'])(.*)\1$/, "$2");
      if (map.has(key)) throw new YamlError(line.number, `key ${key} is given twice`);
      this.#at += 1;
      map.set(key, this.#value(line, (match[2] ?? "").trim(), indent, depth));
    }
    return map;
  }

  #value(line: Line, text: string, indent: number, depth: number): YamlValue {
    if (text === "") {
      const next = this.#peek();
      const below =
        next !== undefined && (next.indent > indent || (next.indent === indent && /^-(\s|$)/.test(next.text)));
      const nested = below && !(next.indent === indent && line.text.startsWith("-"));
      return nested ? this.block(next.indent, depth + 1) : null;
    }
    if (/^[&*!|>%@`]/.test(text)) throw new YamlError(line.number, `${text[0]} is not supported here`);
    if (!/^[[{"']/.test(text)) return scalar(text);
    let whole = text;
    while (brackets(whole) > 0 && this.#peek() !== undefined) {
      whole += `\n${(this.#peek() as Line).text}`;
      this.#at += 1;
    }
    const flow = new FlowReader(whole, line.number);
    const value = flow.value(depth);
    flow.expectEnd();
    return value;
  }

  expectEnd(): void {
    const next = this.#peek();
    if (next !== undefined) throw new YamlError(next.number, "unexpected indentation");
  }
}

/** Parses a file. An empty one is an empty map. Throws `YamlError`. */
export function parseYaml(text: string): YamlValue {
  const lines: Line[] = [];
  for (const [i, raw] of text
    .replace(/^\ufeff/, "")
    .split(/\r?\n/)
    .entries()) {
    const content = withoutComment(raw).trimEnd();
    if (content.trim() === "" || (content === "---" && lines.length === 0)) continue;
    if (content === "---" || content === "...") throw new YamlError(i + 1, "only one document is supported");
    const indent = content.length - content.trimStart().length;
    if (content.slice(0, indent).includes("\t") && !/^\s*[\]}"']/.test(content)) {
      throw new YamlError(i + 1, "a tab cannot indent");
    }
    lines.push({ number: i + 1, indent, text: content.trim() });
  }
  const first = lines[0];
  if (first === undefined) return new Map();
  if (/^[[{]/.test(first.text)) {
    const flow = new FlowReader(lines.map((line) => line.text).join("\n"), first.number);
    const value = flow.value(0);
    flow.expectEnd();
    return value;
  }
  const reader = new BlockReader(lines);
  const value = reader.block(first.indent, 0);
  reader.expectEnd();
  return value;
}
