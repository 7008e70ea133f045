import { type ChannelOptions, Client, credentials, type ServiceError } from "@grpc/grpc-js";
import {
  decodeKeyValue,
  decodePutResponse,
  decodeRangeResponse,
  decodeTxnResponse,
  encodePutRequest,
  encodeRangeRequest,
  encodeTxnRequest,
  newPutRequest,
  newRangeRequest,
  newRequestOp,
  type PutRequest,
  type PutResponse,
  type RangeRequest,
  type RangeResponse,
  type TxnResponse,
} from "@quorate/api";

export const bytes = (text: string): Uint8Array => Buffer.from(text);
export const text = (raw: Uint8Array): string => Buffer.from(raw).toString();

const channelOptions: ChannelOptions = {
  "grpc.max_receive_message_length": -1,
  "grpc.initial_reconnect_backoff_ms": 100,
  "grpc.max_reconnect_backoff_ms": 300,
  "grpc.enable_retries": 0,
  "grpc.use_local_subchannel_pool": 1,
};

/** Keys and values of one member over `@grpc/grpc-js`, the stock engine of Node; it never tries again by itself. */
export class KvClient {
  readonly #client: Client;

  constructor(clientUrl: string) {
    this.#client = new Client(clientUrl.replace(/^http:\/\//, ""), credentials.createInsecure(), channelOptions);
  }

  call<T>(path: string, request: Uint8Array, decode: (raw: Buffer) => T, timeoutMs = 5_000): Promise<T> {
    return new Promise((resolve, reject) => {
      this.#client.makeUnaryRequest(
        path,
        (raw: Uint8Array) => Buffer.from(raw),
        decode,
        request,
        { deadline: Date.now() + timeoutMs },
        (error: ServiceError | null, response?: T) => {
          if (error === null) resolve(response as T);
          else reject(error);
        },
      );
    });
  }

  put(key: string, value: Uint8Array | string, timeoutMs?: number): Promise<PutResponse> {
    const raw = typeof value === "string" ? bytes(value) : value;
    const request = encodePutRequest({ key: bytes(key), value: raw });
    return this.call("/etcdserverpb.KV/Put", request, decodePutResponse, timeoutMs);
  }

  range(request: Partial<RangeRequest>, timeoutMs?: number): Promise<RangeResponse> {
    const encoded = encodeRangeRequest({ ...newRangeRequest(), ...request });
    return this.call("/etcdserverpb.KV/Range", encoded, decodeRangeResponse, timeoutMs);
  }

  /** All that is stored below a prefix, as text. */
  async below(prefix: string, options: Partial<RangeRequest> = {}): Promise<Map<string, string>> {
    const key = bytes(prefix);
    const rangeEnd = Uint8Array.from(key);
    rangeEnd[rangeEnd.length - 1] = (key.at(-1) ?? 0) + 1;
    const { kvs } = await this.range({ key, rangeEnd, ...options }, 20_000);
    // The codec leaves rows encoded, for a server passes them on as they are stored.
    return new Map(kvs.map(decodeKeyValue).map(({ key: name, value }) => [text(name), text(value)]));
  }

  /** Puts several keys in one transaction. */
  putAll(puts: readonly Pick<PutRequest, "key" | "value">[], timeoutMs?: number): Promise<TxnResponse> {
    const success = puts.map((put) => ({ ...newRequestOp(), requestPut: { ...newPutRequest(), ...put } }));
    return this.call("/etcdserverpb.KV/Txn", encodeTxnRequest({ success }), decodeTxnResponse, timeoutMs);
  }

  close(): void {
    this.#client.close();
  }
}
