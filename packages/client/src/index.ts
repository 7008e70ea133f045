export { Caller, type CallerOptions, isOutcomeUnknown, type Repeat, type RequestOptions } from "./caller.ts";
export { Client, prefixEnd } from "./client.ts";
export { type Endpoint, EndpointError, parseEndpoint } from "./endpoint.ts";
export { ClientError, codeOfMessage, explanationIn } from "./errors.ts";
export { grpcConnect } from "./grpc-transport.ts";
export type { CallOptions, Connect, Outcome, TlsOptions, Transport } from "./transport.ts";
