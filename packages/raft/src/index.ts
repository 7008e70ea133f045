export * from "./types.ts";
export * from "./codec/index.ts";
export type { RaftConfig } from "./config.ts";
export {
  type ChangeOutcome,
  type Configuration,
  changeConfiguration,
  configurationFault,
  describeConfiguration,
  fromConfState,
  isJoint,
  memberIds,
  toChangeV2,
  toConfState,
  voterIds,
} from "./configuration.ts";
export { messageTypeName, newMessage } from "./message.ts";
export type { ProgressState } from "./progress.ts";
export type { DropReason, ProposeResult, ReplaceReason } from "./proposal.ts";
export type { Role } from "./raft.ts";
export { RawNode, type ReadIndexResult, type Ready, type SoftState } from "./raw-node.ts";
export { pendingReadsMax, type ReadState } from "./read-only.ts";
export type { InitialState } from "./recovery.ts";
export type { ProgressStatus, Status } from "./status.ts";
