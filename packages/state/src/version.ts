/** Semantic versions as etcd compares them: by numbers, pre-release and build parts aside. */
export interface Version {
  readonly major: number;
  readonly minor: number;
  readonly patch: number;
}

/**
 * Parses `MAJOR.MINOR.PATCH` with optional `-pre` and `+meta`.
 *
 * @returns undefined when `text` has another form.
 */
export function parseVersion(text: string): Version | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-[0-9A-Za-z.-]+)?(?:\+[0-9A-Za-z.-]+)?$/.exec(text);
  if (match === null) return undefined;
  return { major: Number(match[1]), minor: Number(match[2]), patch: Number(match[3]) };
}

/** Orders by major and minor only, as every rule about cluster versions does. */
export function compareMinor(a: Version, b: Version): number {
  return a.major - b.major || a.minor - b.minor;
}

/** The newest line of versions whose log entries and files are understood here. */
export const newestClusterVersion: Version = { major: 3, minor: 7, patch: 0 };

/** Tells whether a member can live in a cluster of this version. */
export const understands = (cluster: Version): boolean => compareMinor(cluster, newestClusterVersion) <= 0;

/**
 * The version that a member reports: its own, and in a cluster of a newer version that it understands the cluster's,
 * since leaders lower the cluster version to what the least member reports.
 */
export function reportedVersion(own: string, clusterVersion: string): string {
  const mine = parseVersion(own);
  const cluster = parseVersion(clusterVersion);
  if (mine === undefined || cluster === undefined) return own;
  return compareMinor(cluster, mine) > 0 && understands(cluster) ? clusterVersionText(cluster) : own;
}

/** Formats `major.minor.0`, the form of a cluster version. */
export const clusterVersionText = (version: Version): string => `${version.major}.${version.minor}.0`;
