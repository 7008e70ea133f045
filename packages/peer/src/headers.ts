import { hexId, parseHexId } from "@quorate/base";
import type { PeerHost } from "./host.ts";
import { isCompatible, minClusterVersionText, parseVersion, versionOfHeader } from "./version.ts";

/** Header names; Node gives those of requests in lower case. */
export const serverFrom = "X-Server-From";
export const serverVersion = "X-Server-Version";
export const minClusterVersion = "X-Min-Cluster-Version";
export const clusterIdHeader = "X-Etcd-Cluster-ID";
export const raftTo = "X-Raft-To";
export const peerUrlsHeader = "X-PeerURLs";

/** Texts of a 412 that both sides compare. */
export const incompatibleVersion = "incompatible version";
export const clusterIdMismatch = "cluster ID mismatch";

/** Headers of an answer, or the `headersDistinct` of a request: only there are values of one name kept apart. */
export type HeaderFields = Readonly<Record<string, string | string[] | undefined>>;

/** Returns the first value of a header, undefined when it is absent. */
export function headerOf(headers: HeaderFields, name: string): string | undefined {
  const value = headers[name.toLowerCase()];
  return Array.isArray(value) ? value[0] : value;
}

/** Parses an id in a header or path, where zeros before it do not count. */
export function parsePaddedId(text: string): bigint | undefined {
  return parseHexId(text.replace(/^0+(?=.)/, ""));
}

/** The headers by which a member introduces itself in every request it makes to a peer. */
export function identityHeaders(host: PeerHost): Record<string, string> {
  return {
    [serverFrom]: hexId(host.memberId),
    [serverVersion]: host.serverVersion,
    [minClusterVersion]: minClusterVersionText,
    [clusterIdHeader]: hexId(host.clusterId),
    [peerUrlsHeader]: host.peerUrls().join(","),
  };
}

/**
 * Checks who is asking: versions that understand each other, then the same cluster.
 *
 * @returns the text of the 412 to answer, undefined when the request may go on.
 */
export function refusalOf(headers: HeaderFields, host: PeerHost): string | undefined {
  const remote = versionOfHeader(headerOf(headers, serverVersion));
  const remoteMin = versionOfHeader(headerOf(headers, minClusterVersion));
  const local = parseVersion(host.serverVersion);
  if (local === undefined || !isCompatible(remote, remoteMin, local)) return incompatibleVersion;
  return headerOf(headers, clusterIdHeader) === hexId(host.clusterId) ? undefined : clusterIdMismatch;
}
