/** Versions of etcd servers, as the headers and bodies of the peer protocol carry them. */

export interface ServerVersion {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

const identifiers = "[0-9A-Za-z-]+(?:\\.[0-9A-Za-z-]+)*";
const dottedTri = new RegExp(`^(\\d+)\\.(\\d+)\\.(\\d+)(?:-(?:${identifiers})?)?(?:\\+(?:${identifiers})?)?$`);
const int64Max = 0x7fff_ffff_ffff_ffffn;

/**
 * Parses `MAJOR.MINOR.PATCH`, with an optional `-pre` and `+build` that do not count. As in etcd, zeros may stand before
 * each number, which fits into 63 bits; past the safe integers it is rounded.
 *
 * @returns undefined for anything else.
 */
export function parseVersion(text: string): ServerVersion | undefined {
  const match = dottedTri.exec(text);
  if (match === null) return undefined;
  const numbers = match.slice(1, 4).map((digits) => digits.replace(/^0+(?=.)/, ""));
  if (numbers.some((digits) => digits.length > 19 || BigInt(digits) > int64Max)) return undefined;
  const [major, minor, patch] = numbers.map(Number) as [number, number, number];
  return { major, minor, patch };
}

/** Orders by major and minor; the patch level never decides what two members can say to each other. */
export function compareMinor(a: ServerVersion, b: ServerVersion): number {
  return a.major !== b.major ? a.major - b.major : a.minor - b.minor;
}

/** What a request or response without a version header counts as. */
export const versionOfTheSilent: ServerVersion = { major: 2, minor: 0, patch: 0 };

/** The lowest cluster version we speak with, and what we send as `X-Min-Cluster-Version`. */
export const minClusterVersionText = "3.0.0";
const minClusterVersion: ServerVersion = { major: 3, minor: 0, patch: 0 };

/** Reads a version header: absent counts as 2.0.0, malformed gives undefined. */
export function versionOfHeader(value: string | undefined): ServerVersion | undefined {
  return value === undefined || value === "" ? versionOfTheSilent : parseVersion(value);
}

/**
 * Tells whether a member with these headers and one of `local` may talk: it is not older than what we
 * support, and does not ask for more than we are.
 */
export function isCompatible(
  remote: ServerVersion | undefined,
  remoteMinCluster: ServerVersion | undefined,
  local: ServerVersion,
): boolean {
  if (remote === undefined) return false;
  if (remoteMinCluster === undefined) return false;
  return compareMinor(remote, minClusterVersion) >= 0 && compareMinor(remoteMinCluster, local) <= 0;
}

/**
 * Tells whether a dialed server offers the two streams: any version from ours on, and of the older ones
 * those that were ever released with them (2.1 to 2.3, then 3.0 on).
 */
export function offersStreams(remote: ServerVersion, local: ServerVersion): boolean {
  if (compareMinor(remote, local) >= 0) return true;
  if (remote.major === 2) return remote.minor >= 1 && remote.minor <= 3;
  return remote.major >= 3;
}
