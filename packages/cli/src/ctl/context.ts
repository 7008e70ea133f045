import { AuthMethods, decodeAuthenticateResponse, encodeAuthenticateRequest, KvError, Status } from "@quorate/api";
import { AbortError } from "@quorate/base";
import { Caller, type CallerOptions, Client, ClientError, EndpointError, type TlsOptions } from "@quorate/client";
import { CommandError, Exit, type Io } from "../io.ts";
import type { Options } from "../pflag.ts";
import { makePrinter } from "../print/forms.ts";
import type { Printer } from "../print/printer.ts";

const statusNames: readonly string[] = Object.keys(Status).map((name) => name[0]?.toUpperCase() + name.slice(1));

/** Turns what a call threw into the line and the status that etcdctl ends with. */
export function toCommandError(error: unknown, exitCode: number = Exit.error): CommandError {
  if (error instanceof CommandError) return error;
  if (error instanceof KvError) return new CommandError(exitCode, error.message, error.explanation);
  if (error instanceof EndpointError) return new CommandError(Exit.badArgs, error.message);
  if (error instanceof ClientError) return new CommandError(exitCode, callText(error), error.explanation);
  if (error instanceof AbortError) return new CommandError(Exit.interrupted, error.message);
  throw error;
}

/** What a failed call is printed as: etcd's own texts bare, foreign ones with their status. */
export function callText(error: KvError | ClientError): string {
  if (error instanceof KvError || error.status === Status.deadlineExceeded) return error.message;
  return `rpc error: code = ${statusNames[error.status] ?? error.status} desc = ${error.message}`;
}

/** One invocation: the words and options given, the way to the cluster, and the form of output. */
export class Context {
  readonly io: Io;
  readonly options: Options;
  readonly args: readonly string[];
  readonly #open: { close(): Promise<void> }[] = [];
  #token: string | undefined;

  constructor(io: Io, options: Options, args: readonly string[]) {
    this.io = io;
    this.options = options;
    this.args = args;
  }

  get timeoutMs(): number {
    return this.options.number("command-timeout");
  }

  /** @throws CommandError when there is no such form; asked before any request. */
  printer(valueOnly = false): Printer {
    const form = this.options.string("write-out");
    const printer = makePrinter(form, this.io, this.options.bool("hex"), valueOnly);
    if (printer === undefined) throw new CommandError(Exit.badFeature, "unsupported output format");
    return printer;
  }

  #file(option: string): string | undefined {
    const path = this.options.string(option);
    if (path === "") {
      if (!this.options.given(option)) return undefined;
      throw new CommandError(Exit.badArgs, `empty string is passed to --${option} option`);
    }
    try {
      return new TextDecoder().decode(this.io.readFile(path));
    } catch (error) {
      throw new CommandError(Exit.badArgs, error instanceof Error ? error.message : String(error));
    }
  }

  #tls(): TlsOptions | undefined {
    const cert = this.#file("cert");
    const key = this.#file("key");
    const ca = this.#file("cacert");
    const insecureSkipVerify = this.options.bool("insecure-skip-tls-verify");
    const secured = cert !== undefined || key !== undefined || ca !== undefined || insecureSkipVerify;
    if (!secured && this.options.bool("insecure-transport")) return undefined;
    if ((cert === undefined) !== (key === undefined)) {
      const paths = `key: ${this.options.string("key")}, cert: ${this.options.string("cert")}`;
      throw new CommandError(Exit.badArgs, `KeyFile and CertFile must both be present[${paths}]`);
    }
    return { ca, cert, key, insecureSkipVerify };
  }

  /** The endpoints given, without any request. */
  get endpoints(): readonly string[] {
    return this.options.strings("endpoints");
  }

  #callerOptions(endpoints: readonly string[]): CallerOptions {
    if (endpoints.length === 0) throw new CommandError(Exit.badConnection, "etcdclient: no available endpoints");
    const metadata = this.#token === undefined ? [] : ([["token", this.#token]] as const);
    const { io, timeoutMs } = this;
    const requestBytesMax = this.options.number("max-request-bytes");
    const dialTimeoutMs = this.options.number("dial-timeout");
    return {
      endpoints,
      connect: io.connect,
      tls: this.#tls(),
      timeoutMs,
      dialTimeoutMs,
      ...(requestBytesMax > 0 ? { requestBytesMax } : {}),
      metadata,
      nowMs: () => io.nowMs(),
      pause: (ms) => io.sleep(ms),
    };
  }

  /** Asks for a token once, when a user is given. */
  async #authenticate(endpoints: readonly string[]): Promise<void> {
    const user = this.options.string("user");
    if (user === "" || this.#token !== undefined) return;
    const colon = user.indexOf(":");
    const name = colon < 0 ? user : user.slice(0, colon);
    const password = colon < 0 ? this.options.string("password") : user.slice(colon + 1);
    if (password === "")
      throw new CommandError(Exit.badArgs, "a password is needed: --user=name:password or --password");
    const caller = new Caller(this.#callerOptions(endpoints));
    try {
      const request = encodeAuthenticateRequest({ name, password });
      const answer = await caller.call(AuthMethods.authenticate, request, "read");
      this.#token = decodeAuthenticateResponse(answer).token;
    } catch (error) {
      // A cluster without authentication takes everybody.
      if (error instanceof KvError && error.code === "authNotEnabled") return;
      throw toCommandError(error, Exit.badConnection);
    } finally {
      await caller.close();
    }
  }

  /** Opens a client of `endpoints`, closed with the invocation. */
  async client(endpoints: readonly string[] = this.endpoints): Promise<Client> {
    const options = this.#callerOptions(endpoints);
    await this.#authenticate(endpoints);
    let client: Client;
    try {
      client = new Client(this.#token === undefined ? options : this.#callerOptions(endpoints));
    } catch (error) {
      throw toCommandError(error);
    }
    this.#open.push(client);
    return client;
  }

  /** Runs a call and turns what it throws into the command's end. */
  async ask<T>(call: Promise<T>): Promise<T> {
    try {
      return await call;
    } catch (error) {
      throw toCommandError(error);
    }
  }

  async close(): Promise<void> {
    await Promise.all(this.#open.splice(0).map((client) => client.close()));
  }
}
