import { type ClusterId, compareIds, type MemberId, toClusterId, toMemberId, utf8Encode } from "@quorate/base";
import { sha1 } from "./sha1.ts";

const firstEight = (digest: Uint8Array): bigint =>
  new DataView(digest.buffer, digest.byteOffset, digest.byteLength).getBigUint64(0);

/**
 * The id of a member, bit-equal to etcd's.
 *
 * @param peerUrls in any order.
 * @param token the cluster token at bootstrap, empty for a member that is added later.
 * @param addedAtSeconds Unix time, only for a member that is added later.
 */
export function memberIdFor(peerUrls: readonly string[], token: string, addedAtSeconds?: number): MemberId {
  const time = addedAtSeconds === undefined ? "" : String(addedAtSeconds);
  return toMemberId(firstEight(sha1(utf8Encode([...peerUrls].sort().join("") + token + time))));
}

/** The id of a cluster that is bootstrapped with these members, bit-equal to etcd's. */
export function clusterIdFor(members: readonly MemberId[]): ClusterId {
  const bytes = new DataView(new ArrayBuffer(members.length * 8));
  for (const [i, id] of [...members].sort(compareIds).entries()) bytes.setBigUint64(i * 8, id);
  return toClusterId(firstEight(sha1(new Uint8Array(bytes.buffer))));
}

/**
 * Hands out request ids as etcd's servers do: 16 bits of the member, 40 bits of the start time in milliseconds,
 * 8 bits that begin at 0; the lower 48 bits count up from there.
 */
export class RequestIds {
  /** The upper 16 bits, the same for all ids of this member. */
  readonly origin: number;
  #serial: number;

  constructor(member: MemberId, startedAtMs: number) {
    this.origin = Number(BigInt.asUintN(16, member));
    // A wall clock may be set to before 1970; a serial is never negative.
    const startedMs = Math.floor(startedAtMs) % 2 ** 40;
    this.#serial = (startedMs < 0 ? startedMs + 2 ** 40 : startedMs) * 256;
  }

  /** The next id's lower 48 bits. */
  nextSerial(): number {
    this.#serial = this.#serial + 1 < 2 ** 48 ? this.#serial + 1 : 0;
    return this.#serial;
  }

  /** The whole id that belongs to `serial`. */
  whole(serial: number): bigint {
    return (BigInt(this.origin) << 48n) | BigInt(serial);
  }
}
