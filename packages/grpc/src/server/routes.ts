/** Which handler serves which path, and what an unknown path is answered. */
import { GrpcCode } from "../status.ts";
import type { ServerCall, ServerStream } from "./calls.ts";

/** Serves one unary call: answers it once, now or later, with `respond` or `fail`. */
export type UnaryHandler = (call: ServerCall) => void;
/** Serves one streaming call: called when its headers are there; the first message may follow at once. */
export type StreamHandler = (call: ServerStream) => void;

export interface Route {
  readonly path: string;
  readonly unary: UnaryHandler | undefined;
  readonly stream: StreamHandler | undefined;
}

export class Routes {
  readonly #byPath = new Map<string, Route>();
  readonly #services = new Set<string>();
  #unknown: StreamHandler = (call) => {
    call.fail(GrpcCode.unimplemented, this.describe(call.path));
  };
  /** Serves whatever no other route serves. */
  fallback: Route;

  constructor() {
    this.fallback = { path: "", unary: undefined, stream: this.#unknown };
  }

  /** @throws TypeError when the path is not `/service/method` or is taken. */
  add(path: string, unary: UnaryHandler | undefined, stream: StreamHandler | undefined): void {
    const cut = path.lastIndexOf("/");
    if (!path.startsWith("/") || cut <= 1 || cut === path.length - 1) throw new TypeError(`not a method path: ${path}`);
    if (this.#byPath.has(path)) throw new TypeError(`${path} has a handler already`);
    this.#byPath.set(path, { path, unary, stream });
    this.#services.add(path.slice(1, cut));
  }

  setUnknown(handler: StreamHandler | undefined): void {
    this.fallback = { path: "", unary: undefined, stream: handler ?? this.#unknown };
  }

  find(path: string): Route {
    return this.#byPath.get(path) ?? this.fallback;
  }

  /** Says, in grpc-go's words, why nothing serves the path. */
  describe(path: string): string {
    const name = path.startsWith("/") ? path.slice(1) : path;
    const cut = name.lastIndexOf("/");
    if (cut < 0) return `malformed method name: ${JSON.stringify(path)}`;
    const service = name.slice(0, cut);
    if (!this.#services.has(service)) return `unknown service ${service}`;
    return `unknown method ${name.slice(cut + 1)} for service ${service}`;
  }
}
