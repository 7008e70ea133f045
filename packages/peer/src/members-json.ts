import { type MemberId, toMemberId } from "@quorate/base";

/** A member as `/members` shows it. */
export interface PeerMember {
  readonly id: MemberId;
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
  /** Empty until the member published itself. */
  readonly name: string;
  readonly clientUrls: readonly string[];
}

const stringsAndNumbers = /"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?/g;

/**
 * Parses JSON in which every number becomes a string of its digits, so that 64-bit ids survive.
 *
 * @throws SyntaxError when `text` is not JSON.
 */
export function parseJsonExact(text: string): unknown {
  return JSON.parse(text.replace(stringsAndNumbers, (token) => (token.startsWith('"') ? token : `"${token}"`)));
}

/**
 * Parses JSON like `parseJsonExact`, and keeps strings and numbers apart: every string, names too, begins with an `s` of
 * ours, every number is a string of an `n` and its digits.
 *
 * @throws SyntaxError when `text` is not JSON.
 */
export function parseJsonTagged(text: string): unknown {
  // Digits that JSON does not take as a number would pass in quotes.
  JSON.parse(text);
  const tagged = text.replace(stringsAndNumbers, (token) =>
    token.startsWith('"') ? `"s${token.slice(1)}` : `"n${token}"`,
  );
  return JSON.parse(tagged);
}

function stringsOf(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/**
 * Reads the body of `/members`.
 *
 * @throws SyntaxError when it is not an array of members. `null` is an empty one, as etcd writes it.
 */
export function parseMembers(text: string): PeerMember[] {
  const list = parseJsonExact(text);
  if (list === null) return [];
  if (!Array.isArray(list)) throw new SyntaxError("the members are not an array");
  return list.map((item: unknown): PeerMember => {
    const fields = (typeof item === "object" && item !== null ? item : {}) as Record<string, unknown>;
    const id = fields["id"];
    if (typeof id !== "string" || !/^\d{1,20}$/.test(id)) throw new SyntaxError("a member has no id");
    return {
      id: toMemberId(BigInt(id)),
      peerUrls: stringsOf(fields["peerURLs"]),
      isLearner: fields["isLearner"] === true,
      name: typeof fields["name"] === "string" ? fields["name"] : "",
      clientUrls: stringsOf(fields["clientURLs"]),
    };
  });
}
