export * from "./deadline.ts";
export * from "./h2/flood-guard.ts";
export * from "./metadata.ts";
export * from "./server/calls.ts";
export type { HttpExchange, HttpHandler } from "./server/http-exchange.ts";
export type { GrpcServerObserver, GrpcServerOptions, Http1Handler, KeepaliveOptions } from "./server/options.ts";
export * from "./server/peer.ts";
export type { StreamHandler, UnaryHandler } from "./server/routes.ts";
export { type AttachOptions, GrpcServer, refuseHttp, type ServerStats } from "./server/server.ts";
export * from "./status.ts";
export * from "./system-clock.ts";
export type { ClientCall } from "./client/call.ts";
export { GrpcClient } from "./client/client.ts";
export type {
  BackoffOptions,
  CallOptions,
  ClientKeepaliveOptions,
  ClientState,
  GrpcClientOptions,
  Target,
} from "./client/options.ts";
export { type CallStatus, GrpcStatusError } from "./client/status.ts";
export type { UnaryCallback, UnaryReply } from "./client/unary.ts";
export type { HeaderField } from "./h2/header-field.ts";
