/** A real etcd and our server, one member each with the same flags, asked the same things. */
import http from "node:http";
import { GrpcClient, GrpcStatusError, Metadata } from "@quorate/grpc";
import { ClusterMethods, decodeMemberListResponse } from "@quorate/api";
import { Scope, ServerCluster, type ServerMember, type ServerProgram } from "../../support/index.ts";
import { type Answer, decodeAnswer, masked, revisionOf } from "./answers.ts";
import { encode, type Names, number, requestSchemas, type Tree } from "./schema.ts";

/** One call of a stream. */
export interface Request {
  /** Service and method, as in `etcdserverpb.KV/Range`. */
  readonly method: string;
  readonly body: Tree;
  readonly metadata?: Readonly<Record<string, string>>;
}

/** What an HTTP server answered. */
export interface HttpAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | undefined>>;
  readonly body: string;
}

export interface HttpAsk {
  readonly path: string;
  readonly method?: string;
  readonly body?: string | Uint8Array;
  readonly headers?: Readonly<Record<string, string>>;
  /** The peer listener instead of the client one. */
  readonly peer?: boolean;
}

const callTimeoutMs = 15_000;

/** One of the two servers. */
export class Side {
  readonly member: ServerMember;
  readonly #client: GrpcClient;
  /** Replaces what names this cluster. */
  readonly mask: Map<string, string> = new Map();
  readonly #ids: Record<string, bigint> = {};

  constructor(scope: Scope, member: ServerMember) {
    this.member = member;
    const { hostname, port } = new URL(member.clientUrl);
    this.#client = new GrpcClient({
      target: { host: hostname, port: Number(port) },
      receiveMessageBytesMax: 64 * 1024 * 1024,
    });
    scope.defer(() => this.#client.close());
  }

  get ids(): Names {
    return this.#ids;
  }

  /** Gives a member's or cluster's id a name in requests and in answers. */
  name(name: string, id: bigint): void {
    this.#ids[name] = id;
    this.mask.set(String(id), name);
    this.mask.set(id.toString(16), name);
  }

  /** Learns the names of what differs. */
  async meet(): Promise<void> {
    await this.member.ready();
    const { message } = await this.#client.call(`/${ClusterMethods.memberList.slice(1)}`, new Uint8Array(0));
    const { header, members } = decodeMemberListResponse(message);
    this.name("cluster", header?.clusterId ?? 0n);
    this.name("self", members[0]?.id ?? 0n);
    this.mask.set(this.member.clientUrl, "http://client");
    this.mask.set(this.member.peerUrl, "http://peer");
  }

  async call({ method, body, metadata = {} }: Request, names: Names): Promise<Answer> {
    const schema = requestSchemas[method] ?? {};
    const bytes = encode(schema, body, { ...names, ...this.#ids });
    const options = { metadata: new Metadata(), timeoutMs: callTimeoutMs };
    for (const [name, value] of Object.entries(metadata)) options.metadata.add(name, value);
    try {
      const reply = await this.#client.call(`/${method}`, bytes, options);
      return { code: 0, message: "", body: decodeAnswer(method, reply.message, this.mask) };
    } catch (error) {
      if (!(error instanceof GrpcStatusError)) throw error;
      return { code: error.code, message: masked(error.details, this.mask) };
    }
  }

  /** Opens a stream, sends one message, and returns the first `count` answers. */
  stream({ method, body }: Request, count: number): Promise<unknown[]> {
    const { mask } = this;
    return new Promise((resolve) => {
      const answers: unknown[] = [];
      const call = this.#client.stream(`/${method}`, { timeoutMs: callTimeoutMs });
      call.onMessage((message) => {
        answers.push(decodeAnswer(method, message, mask));
        if (answers.length === count) call.cancel();
      });
      call.onStatus(({ code, message }) => {
        resolve(answers.length >= count ? answers : [...answers, { code, message: masked(message, mask) }]);
      });
      call.write(encode(requestSchemas[method] ?? {}, body, this.#ids));
      call.end();
    });
  }

  /** One HTTP/1.1 request on a connection of its own; a stream that stays open is cut after its headers. */
  http({ path, method = "GET", body, headers = {}, peer = false }: HttpAsk): Promise<HttpAnswer> {
    const base = peer ? this.member.peerUrl : this.member.clientUrl;
    const { hostname, port } = new URL(base);
    const named = this.#nameIn.bind(this);
    return new Promise((resolve, reject) => {
      const request = http.request(
        {
          host: hostname,
          port,
          path: named(path),
          method,
          agent: false,
          headers: Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, named(value)])),
          timeout: callTimeoutMs,
        },
        (response) => {
          const chunks: Buffer[] = [];
          response.on("data", (chunk: Buffer) => chunks.push(chunk));
          const done = (): void =>
            resolve({
              status: response.statusCode ?? 0,
              headers: Object.fromEntries(
                Object.entries(response.headers).map(([name, value]) => [name, masked(String(value), this.mask)]),
              ),
              body: masked(Buffer.concat(chunks).toString("latin1"), this.mask),
            });
          response.on("end", done);
          response.on("error", done);
        },
      );
      request.on("timeout", () => request.destroy(new Error("no answer in time")));
      request.on("error", (error: NodeJS.ErrnoException) => {
        if (error.code === "ECONNRESET") resolve({ status: 0, headers: {}, body: "connection closed" });
        else reject(error);
      });
      request.end(typeof body === "string" ? named(body) : body);
    });
  }

  /** Replaces `{self}` by the id in hex, `{self:d}` by its decimal form, `{peer}` by the peer URL. */
  #nameIn(text: string): string {
    return text
      .replaceAll("{peer}", this.member.peerUrl)
      .replaceAll(/\{([a-z]+)(:d)?\}/g, (all: string, name: string, decimal: string | undefined) => {
        const id = this.#ids[name];
        return id === undefined ? all : id.toString(decimal === undefined ? 16 : 10);
      });
  }
}

/** How the pair is started. */
export interface PairOptions {
  readonly oracle: ServerProgram;
  readonly flags?: readonly string[];
  /** For tests of this test: something else in our place. */
  readonly ours?: ServerProgram;
}

/** Quick elections, so that a fresh pair is there soon. */
const quick = ["--heartbeat-interval=50", "--election-timeout=500"];

export class Pair {
  readonly oracle: Side;
  readonly ours: Side;
  /** What etcd told about its revisions; names in requests stand for these on both sides. */
  #now = 1n;
  #compacted = 0n;

  private constructor(oracle: Side, ours: Side) {
    this.oracle = oracle;
    this.ours = ours;
  }

  static async start(scope: Scope, { oracle, flags = [], ours = "quorate" }: PairOptions): Promise<Pair> {
    const clusters = await Promise.all(
      [oracle, ours].map((program) => ServerCluster.start(scope, { program, members: 1, flags: [...quick, ...flags] })),
    );
    const [left, right] = clusters.map(({ members }) => new Side(scope, members[0] as ServerMember)) as [Side, Side];
    await Promise.all([left.meet(), right.meet()]);
    return new Pair(left, right);
  }

  /** The revision of the last compaction, as etcd took it. */
  get compacted(): number {
    return Number(this.#compacted);
  }

  get sides(): readonly [Side, Side] {
    return [this.oracle, this.ours];
  }

  /** Asks both and returns both answers, etcd's first. */
  async call(request: Request): Promise<readonly [Answer, Answer]> {
    const names = { now: this.#now, compacted: this.#compacted };
    const answers = await Promise.all(this.sides.map((side) => side.call(request, names)));
    const [theirs] = answers as [Answer, Answer];
    const revision = revisionOf(theirs);
    if (revision !== undefined && revision > 0) this.#now = BigInt(revision);
    if (request.method === "etcdserverpb.KV/Compact" && theirs.code === 0) {
      this.#compacted = number(request.body["revision"] ?? 0, names);
    }
    return answers as [Answer, Answer];
  }

  async http(ask: HttpAsk): Promise<readonly [HttpAnswer, HttpAnswer]> {
    return (await Promise.all(this.sides.map((side) => side.http(ask)))) as [HttpAnswer, HttpAnswer];
  }

  async stream(request: Request, count: number): Promise<readonly [unknown[], unknown[]]> {
    return (await Promise.all(this.sides.map((side) => side.stream(request, count)))) as [unknown[], unknown[]];
  }

  /** Stops both; for pairs that do not last as long as their scope. */
  async stop(): Promise<void> {
    await Promise.all(this.sides.map(({ member }) => member.kill()));
  }
}
