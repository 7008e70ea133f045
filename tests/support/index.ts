export { ownBinary, realBinary, repositoryRoot } from "./binaries.ts";
export {
  type ClusterOptions,
  initialCluster,
  type MemberAddress,
  memberFlags,
  ServerCluster,
  ServerMember,
  type ServerProgram,
  serverCommand,
} from "./cluster.ts";
export { type CtlOptions, ctl, ctlOk } from "./ctl.ts";
export {
  copyGoldenSnapshot,
  type GoldenVersion,
  goldenManifest,
  goldenPath,
  hasGolden,
  unpackGolden,
} from "./golden.ts";
export { freePort, freePorts } from "./ports.ts";
export { cleanEnvironment, type Exit, type Outcome, Program, type ProgramOptions, runProgram } from "./program.ts";
export { Scope } from "./scope.ts";
export { type MemberStatus, statuses } from "./status.ts";
export { pause, type WaitOptions, waitFor } from "./wait.ts";
