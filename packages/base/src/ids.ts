/**
 * Identities use all 64 bits, so they are bigints, branded so that one kind is not taken for another.
 * Counters (term, index, revision, version) are safe integers, checked where bytes enter.
 */

declare const brand: unique symbol;

/** A raft member; unsigned 64 bits, 0 means "none". */
export type MemberId = bigint & { readonly [brand]: "member" };
/** A cluster; unsigned 64 bits. */
export type ClusterId = bigint & { readonly [brand]: "cluster" };
/** A lease; signed 64 bits on the wire, 0 means "no lease". */
export type LeaseId = bigint & { readonly [brand]: "lease" };
/** A proposal; unsigned 64 bits. */
export type RequestId = bigint & { readonly [brand]: "request" };

/** A raft term; 0 before the first election. */
export type Term = number;
/** A position in the raft log; 0 lies before the first entry. */
export type LogIndex = number;

/** "No member": no leader, no vote, no transfer target. */
export const noMember: MemberId = 0n as MemberId;

const u64 = (value: bigint): bigint => BigInt.asUintN(64, value);

/** Takes the low 64 bits of `value` as a member id. */
export const toMemberId = (value: bigint): MemberId => u64(value) as MemberId;
/** Takes the low 64 bits of `value` as a cluster id. */
export const toClusterId = (value: bigint): ClusterId => u64(value) as ClusterId;
/** Takes the low 64 bits of `value` as a request id. */
export const toRequestId = (value: bigint): RequestId => u64(value) as RequestId;
/** Takes the low 64 bits of `value`, two's complement, as a lease id. */
export const toLeaseId = (value: bigint): LeaseId => BigInt.asIntN(64, value) as LeaseId;

/** Formats an id as etcd does in logs, headers and paths: lower-case hexadecimal without padding. */
export const hexId = (id: bigint): string => u64(id).toString(16);

/**
 * Parses an id written in hexadecimal, without prefix.
 *
 * @returns undefined unless `text` is 1 to 16 hexadecimal digits.
 */
export function parseHexId(text: string): bigint | undefined {
  return /^[0-9a-fA-F]{1,16}$/.test(text) ? BigInt(`0x${text}`) : undefined;
}

/** Orders ids as unsigned numbers. */
export const compareIds = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);
