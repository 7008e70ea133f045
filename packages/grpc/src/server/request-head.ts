/** What a request's header list says, checked and taken apart once per distinct list. */
import { parseTimeout } from "../deadline.ts";
import { FieldKind } from "../h2/header-field.ts";
import type { HeaderList } from "../h2/hpack-decoder.ts";
import type { Route } from "./routes.ts";

/** grpc-timeout is absent. */
export const noTimeout = -1;
/** grpc-timeout is there and makes no sense. */
export const badTimeout = -2;

export class RequestHead {
  readonly list: HeaderList;
  method = "";
  scheme = "";
  authority = "";
  path = "";
  contentType = "";
  encoding: string | undefined = undefined;
  timeout = "";
  /** Milliseconds, or `noTimeout`, or `badTimeout`. */
  timeoutMs: number = noTimeout;
  /** -1 when not announced. */
  contentLength = -1;
  readonly isGrpc: boolean;
  /** Why the request is malformed (RFC 9113 §8.1.1), undefined when it is not. */
  readonly fault: string | undefined;
  /** What serves the path; looked up at the first call with this list. */
  route: Route | undefined = undefined;

  constructor(list: HeaderList) {
    this.list = list;
    this.fault = this.#read();
    this.isGrpc = isGrpcContentType(this.contentType);
  }

  /** Finds the head that was made of the same list before, or makes it. */
  static of(list: HeaderList): RequestHead {
    if (list.cached instanceof RequestHead) return list.cached;
    const head = new RequestHead(list);
    list.cached = head;
    return head;
  }

  #read(): string | undefined {
    let pseudo = true;
    let seen = 0;
    for (const field of this.list.fields) {
      const { kind, value } = field;
      if (kind >= FieldKind.method && kind <= FieldKind.path) {
        if (!pseudo) return "a pseudo-field behind a field";
        if ((seen & (1 << kind)) !== 0) return "a pseudo-field twice";
        seen |= 1 << kind;
        if (kind === FieldKind.method) this.method = value;
        else if (kind === FieldKind.scheme) this.scheme = value;
        else if (kind === FieldKind.authority) this.authority = value;
        else this.path = value;
        continue;
      }
      pseudo = false;
      if (kind === FieldKind.other) continue;
      const fault = this.#readField(kind, value);
      if (fault !== undefined) return fault;
    }
    if (this.method === "") return "no :method";
    if (this.method === "CONNECT") return undefined;
    if (this.scheme === "") return "no :scheme";
    return this.path === "" ? "no :path" : undefined;
  }

  #readField(kind: number, value: string): string | undefined {
    switch (kind) {
      case FieldKind.contentType:
        this.contentType = value;
        return undefined;
      case FieldKind.te:
        return value === "trailers" ? undefined : "a te other than trailers";
      case FieldKind.grpcTimeout:
        this.timeout = value;
        this.timeoutMs = parseTimeout(value);
        if (this.timeoutMs < 0) this.timeoutMs = badTimeout;
        return undefined;
      case FieldKind.grpcEncoding:
        this.encoding = value;
        return undefined;
      case FieldKind.host:
        if (this.authority === "") this.authority = value;
        return undefined;
      case FieldKind.contentLength: {
        if (!/^\d{1,15}$/.test(value)) return "a content-length that is no number";
        const length = Number(value);
        if (this.contentLength >= 0 && this.contentLength !== length) return "two content-lengths";
        this.contentLength = length;
        return undefined;
      }
      case FieldKind.status:
        return ":status in a request";
      case FieldKind.forbidden:
        return "a field that HTTP/2 does not allow";
      default:
        return undefined;
    }
  }
}

/** application/grpc, alone or with a subtype behind `+` or parameters behind `;`. */
function isGrpcContentType(value: string): boolean {
  if (value === "application/grpc") return true;
  if (!value.startsWith("application/grpc")) return false;
  const next = value.charAt("application/grpc".length);
  return next === "+" || next === ";";
}
