/** Runs the real etcdctl against a server that answers what a case says. */
import { execFile } from "node:child_process";
import { Server, ServerCredentials, type ServiceDefinition } from "@grpc/grpc-js";
import { AuthMethods, ClusterMethods, KVMethods, MaintenanceMethods } from "@quorate/api";
import type { Case, Reply } from "./cases.ts";

/** What an invocation came to. `requests` are `path hex`, in order. */
export interface Recording {
  readonly args: readonly string[];
  readonly stdout: string;
  readonly stderr: string;
  readonly exitCode: number;
  readonly requests: readonly string[];
}

/** The address that recordings show for the server. */
export const shownEndpoint = "127.0.0.1:61001";

/** Text when it is UTF-8, else base64 behind a mark. */
export function printable(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString("utf8");
  return Buffer.from(text, "utf8").equals(bytes) ? text : `base64:${Buffer.from(bytes).toString("base64")}`;
}

/** Hides what differs from run to run: times, the port, and the library's own log lines. */
export function normalize(text: string, endpoint: string): string {
  return text
    .replaceAll(endpoint, shownEndpoint)
    .replace(/took = \S+/g, "took = T")
    .replace(/"took":"[^"]*"/g, '"took":"T"')
    .replace(/"Took" : \S+/g, '"Took" : T')
    .replace(/^\{"level".*\n/gm, "");
}

/** Hands out the answers of a case, counting them per method. */
export function replier(one: Case): (path: string) => Reply {
  const used = new Map<string, number>();
  return (path) => {
    const list = one.replies?.[path];
    const at = used.get(path) ?? 0;
    used.set(path, at + 1);
    return list?.[Math.min(at, list.length - 1)] ?? { status: 12, text: `no answer for ${path}` };
  };
}

const identity = (bytes: Buffer): Buffer => bytes;

/** A gRPC server whose answers can be exchanged between calls. */
export class ScriptedServer {
  readonly #server = new Server();
  readonly requests: string[] = [];
  answer: (path: string) => Reply = () => ({ status: 12, text: "no case" });

  async start(): Promise<number> {
    const paths = [KVMethods, ClusterMethods, MaintenanceMethods, AuthMethods].flatMap((m) => Object.values<string>(m));
    const definition: ServiceDefinition = Object.fromEntries(
      paths.map((path) => [
        path,
        {
          path,
          requestStream: false,
          responseStream: false,
          requestSerialize: identity,
          requestDeserialize: identity,
          responseSerialize: identity,
          responseDeserialize: identity,
        },
      ]),
    );
    const handlers = paths.map((path) => [
      path,
      (call: { request: Buffer }, done: (error: object | null, message?: Buffer) => void) => {
        this.requests.push(`${path} ${call.request.toString("hex")}`);
        const reply = this.answer(path);
        if (reply.status === undefined) done(null, Buffer.from(reply.message));
        else done({ code: reply.status, details: reply.text });
      },
    ]);
    this.#server.addService(definition, Object.fromEntries(handlers) as never);
    return new Promise((resolve, reject) => {
      const credentials = ServerCredentials.createInsecure();
      this.#server.bindAsync("127.0.0.1:0", credentials, (error, port) =>
        error === null ? resolve(port) : reject(error),
      );
    });
  }

  close(): void {
    this.#server.forceShutdown();
  }
}

/** Runs `binary` once. */
export async function recordCase(binary: string, one: Case, server: ScriptedServer, port: number): Promise<Recording> {
  const endpoint = `127.0.0.1:${port}`;
  server.requests.length = 0;
  server.answer = replier(one);
  const args = [`--endpoints=${endpoint}`, ...one.args];
  const env = { PATH: process.env["PATH"] ?? "", ETCDCTL_API: "3" };
  return new Promise((resolve) => {
    const child = execFile(binary, args, { encoding: "buffer", timeout: 20_000, env }, (error, stdout, stderr) => {
      const exitCode = error === null ? 0 : typeof error.code === "number" ? error.code : -1;
      resolve({
        args: one.args,
        stdout: normalize(printable(stdout), endpoint),
        stderr: normalize(stderr.toString("utf8"), endpoint),
        exitCode,
        requests: [...server.requests],
      });
    });
    child.stdin?.end(one.stdin ?? "");
  });
}
