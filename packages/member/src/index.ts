export { BootError, type BirthPlan } from "./bootstrap.ts";
export { clusterIdFor, memberIdFor } from "./identity.ts";
export { Member, type Requester, type StopReason } from "./member.ts";
export type {
  ClusterDirectory,
  MemberObserver,
  MemberOptions,
  MemberPorts,
  OutgoingDatabase,
  PeerLink,
  PromoteAnswer,
  RemoteCluster,
  RemoteMember,
  RemoteVersions,
  SameUrls,
} from "./options.ts";
export type { ReadWaiter } from "./reads.ts";
export { checkedPeerUrls } from "./reconfiguration.ts";
export { type DatabaseSink, Storage } from "./storage.ts";
export type { Waiter } from "./waiters.ts";
