export type { PeerTraffic } from "./context.ts";
export type { PeerAnswer, PeerBinaryAnswer, PeerHost, SnapshotSink } from "./host.ts";
export { defaultLimits, type PeerLimits } from "./limits.ts";
export type { Listening } from "./listener.ts";
export type { PeerMember } from "./members-json.ts";
export type { ProbeResult } from "./prober.ts";
export {
  fetchDowngradeEnabled,
  fetchHashKv,
  fetchMembers,
  fetchVersion,
  fetchVersions,
  type PeerCluster,
  type PeerVersions,
  postPromote,
  type QueryAnswer,
  type QueryOptions,
} from "./queries.ts";
export type { SnapshotDatabase } from "./snapshot-sender.ts";
export type { PeerTls, TlsMaterial } from "./tls.ts";
export { PeerTransport, type PeerTransportOptions } from "./transport.ts";
export { sameUrls, type UrlsEqual, type UrlsEqualOptions } from "./url-equality.ts";
