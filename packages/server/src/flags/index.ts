export * from "./config.ts";
export { formatDurationMs, goQuote, parseDurationMs } from "./go-values.ts";
export { type FlagEnvironment, loadServerConfig } from "./load.ts";
export type { FlagProblem, Notice, ServerCommand } from "./outcome.ts";
export { opensslCipher } from "./tls-names.ts";
export { formatCluster, isIpAddress, type MemberUrl, parseInitialCluster, parseMemberUrl } from "./urls.ts";
export { type FileProblem, type InitialCluster, type ResolveHost, verifyInitialCluster } from "./verify-start.ts";
export * from "./version.ts";
