import { type MemberId, toMemberId, utf8Decode, utf8Encode } from "@quorate/base";

/** A member of the cluster, as the log has told. A member is "started" once its name is not empty. */
export interface MemberRecord {
  readonly id: MemberId;
  /** Sorted. */
  readonly peerUrls: readonly string[];
  readonly isLearner: boolean;
  /** Empty until the member has published itself. */
  readonly name: string;
  readonly clientUrls: readonly string[];
}

/**
 * Encodes the JSON of the `members` bucket, of `GET /members` and of change entries: the order of keys is etcd's, and
 * the id is a JSON number of up to 64 bits.
 */
export function memberJson(member: MemberRecord): string {
  const parts = [`"id":${member.id}`, `"peerURLs":${urlsJson(member.peerUrls)}`];
  if (member.isLearner) parts.push('"isLearner":true');
  if (member.name !== "") parts.push(`"name":${goString(member.name)}`);
  if (member.clientUrls.length > 0) parts.push(`"clientURLs":${urlsJson(member.clientUrls)}`);
  return `{${parts.join(",")}}`;
}

const urlsJson = (urls: readonly string[]): string => `[${urls.map(goString).join(",")}]`;

/** A JSON string as Go writes it, with `<`, `>`, `&` and the line separators escaped. */
export function goString(text: string): string {
  return JSON.stringify(text).replace(
    /[<>&\u2028\u2029]/g,
    (symbol) => `\\u${symbol.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** What the JSON context of a change entry says, or a row of the `members` bucket. */
export interface ParsedMember {
  readonly record: MemberRecord;
  readonly isPromote: boolean;
}

/**
 * Parses member JSON. The id is read from the text, since `JSON.parse` would round it.
 *
 * @throws SyntaxError when `bytes` is not such JSON.
 */
export function parseMemberJson(bytes: Uint8Array): ParsedMember {
  const text = utf8Decode(bytes);
  const id = /"id"\s*:\s*(\d{1,20})/.exec(text);
  const value: unknown = JSON.parse(text);
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    throw new SyntaxError("a member must be a JSON object");
  }
  const fields = value as Record<string, unknown>;
  return {
    record: {
      id: toMemberId(id === null ? 0n : BigInt(id[1] as string)),
      peerUrls: strings(fields["peerURLs"]).sort(),
      isLearner: fields["isLearner"] === true,
      name: typeof fields["name"] === "string" ? fields["name"] : "",
      clientUrls: strings(fields["clientURLs"]),
    },
    isPromote: fields["isPromote"] === true,
  };
}

function strings(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === "string") : [];
}

/** The JSON context of the change entry that adds or updates `member`, or, with `promote`, makes it a voter. */
export function changeContext(member: MemberRecord, promote = false): Uint8Array {
  if (promote) return utf8Encode(`{"id":${member.id},"peerURLs":null,"isPromote":true}`);
  return utf8Encode(memberJson(member));
}
