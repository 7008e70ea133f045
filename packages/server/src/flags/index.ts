export * from "./config.ts";
export { stageGates } from "./table-service.ts";
export { formatDurationMs, goQuote, parseDurationMs, ValueError } from "./go-values.ts";
export { type FlagEnvironment, loadServerConfig } from "./load.ts";
export type { FlagProblem, Notice, ServerCommand } from "./outcome.ts";
export { opensslCipher } from "./tls-names.ts";
export { type MemberUrl, parseInitialCluster } from "./urls.ts";
export * from "./version.ts";
