/** Text as Go's formatting verbs make it. */

const named: ReadonlyMap<number, string> = new Map([
  [7, "\\a"],
  [8, "\\b"],
  [9, "\\t"],
  [10, "\\n"],
  [11, "\\v"],
  [12, "\\f"],
  [13, "\\r"],
  [34, '\\"'],
  [92, "\\\\"],
]);

const hex = (value: number, digits: number): string => value.toString(16).padStart(digits, "0");

function quoteSymbol(symbol: string): string {
  const point = symbol.codePointAt(0) as number;
  const short = named.get(point);
  if (short !== undefined) return short;
  if (symbol === " " || /[\p{L}\p{M}\p{N}\p{P}\p{S}]/u.test(symbol)) return symbol;
  if (point < 0x20 || point === 0x7f) return `\\x${hex(point, 2)}`;
  return point < 0x10000 ? `\\u${hex(point, 4)}` : `\\U${hex(point, 8)}`;
}

const strict = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** The length of the UTF-8 sequence that a lead byte announces. */
function sequenceLength(lead: number): number {
  if (lead < 0x80) return 1;
  return lead >= 0xf0 ? 4 : lead >= 0xe0 ? 3 : 2;
}

/** Quotes bytes as `%q` quotes a string: bytes that are no UTF-8 as `\xNN`. */
export function goQuoteBytes(bytes: Uint8Array): string {
  let quoted = "";
  for (let at = 0; at < bytes.length; ) {
    const lead = bytes[at] as number;
    const length = sequenceLength(lead);
    try {
      quoted += quoteSymbol(strict.decode(bytes.subarray(at, at + length)));
      at += length;
    } catch {
      quoted += `\\x${hex(lead, 2)}`;
      at += 1;
    }
  }
  return `"${quoted}"`;
}

/** Quotes text as `%q` does. */
export function goQuote(text: string): string {
  return goQuoteBytes(new TextEncoder().encode(text));
}

const escapes: Readonly<Record<string, string>> = {
  n: "\n",
  t: "\t",
  r: "\r",
  a: "\x07",
  b: "\b",
  f: "\f",
  v: "\v",
  "\\": "\\",
  '"': '"',
};

/**
 * Reads a Go string literal at the start of `text`, in double quotes or back quotes.
 *
 * @returns the value and the rest behind it; undefined when there is none.
 */
export function goUnquotePrefix(text: string): { readonly value: Uint8Array; readonly rest: string } | undefined {
  const raw = /^`([^`]*)`/.exec(text);
  if (raw !== null) return { value: new TextEncoder().encode(raw[1]), rest: text.slice(raw[0].length) };
  const match = /^"((?:[^"\\\n]|\\.)*)"/su.exec(text);
  if (match === null) return undefined;
  const parts: number[] = [];
  const body = match[1] as string;
  const piece = /\\x([0-9a-fA-F]{2})|\\([0-7]{3})|\\u([0-9a-fA-F]{4})|\\U([0-9a-fA-F]{8})|\\(.)|([^\\]+)/suy;
  while (piece.lastIndex < body.length) {
    const found = piece.exec(body);
    if (found === null) return undefined;
    const [, byte, octal, short, long, letter, plain] = found;
    const number = byte ?? octal;
    if (number !== undefined) {
      const value = Number.parseInt(number, octal === undefined ? 16 : 8);
      if (value > 255) return undefined;
      parts.push(value);
      continue;
    }
    const point = short ?? long;
    const symbol = letter === undefined ? plain : escapes[letter];
    const value = point === undefined ? symbol : codePoint(point);
    if (value === undefined) return undefined;
    parts.push(...new TextEncoder().encode(value));
  }
  return { value: new Uint8Array(parts), rest: text.slice(match[0].length) };
}

function codePoint(hexDigits: string): string | undefined {
  const point = Number.parseInt(hexDigits, 16);
  return point > 0x10ffff || (point >= 0xd800 && point < 0xe000) ? undefined : String.fromCodePoint(point);
}

const units = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];

/** A size for people: decimal units, one digit behind the point below ten. */
export function humanBytes(bytes: number): string {
  if (bytes < 10) return `${bytes} B`;
  const unit = Math.min(Math.floor(Math.log10(bytes) / 3 + 1e-12), units.length - 1);
  const value = Math.floor((bytes / 1000 ** unit) * 10 + 0.5) / 10;
  return `${value < 10 ? value.toFixed(1) : roundHalfEven(value)} ${units[unit]}`;
}

/** Rounds to a whole number; exactly between two, to the even one. */
function roundHalfEven(value: number): number {
  const below = Math.floor(value);
  if (value - below !== 0.5) return Math.round(value);
  return below % 2 === 0 ? below : below + 1;
}
