import { parseJsonTagged } from "./members-json.ts";

/**
 * Reads the body of a question for the hash of the keys, `{"revision":N}`, as etcd's JSON parser does: names in any case,
 * the last one counts, `null` and absence are 0.
 *
 * @returns the revision, one beyond the safe integers as the greatest or least of them; undefined when the body is no
 * such question.
 */
export function hashRevisionOf(text: string): number | undefined {
  let parsed: unknown;
  try {
    parsed = parseJsonTagged(text);
  } catch {
    return undefined;
  }
  if (parsed === null) return 0;
  if (typeof parsed !== "object" || Array.isArray(parsed)) return undefined;
  let revision = 0;
  for (const [name, value] of Object.entries(parsed)) {
    if (value === null || !/^srevision$/iu.test(name)) continue;
    const read = typeof value === "string" ? int64Of(value) : undefined;
    if (read === undefined) return undefined;
    revision = read;
  }
  return revision;
}

const int64Max = 0x7fff_ffff_ffff_ffffn;

/** A tagged number as a safe integer; undefined for a string, a fraction, an exponent or more than 64 bits. */
function int64Of(tagged: string): number | undefined {
  if (!/^n-?\d{1,19}$/.test(tagged)) return undefined;
  const exact = BigInt(tagged.slice(1));
  if (exact > int64Max || exact < -int64Max - 1n) return undefined;
  return Math.min(Math.max(Number(exact), Number.MIN_SAFE_INTEGER), Number.MAX_SAFE_INTEGER);
}
