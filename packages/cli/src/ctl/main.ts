/** quoratectl: the commands of etcdctl v3. */
import { CommandError, Exit, type Io } from "../io.ts";
import { type Option, Options, takeVariables } from "../pflag.ts";
import { runTool, type Tool } from "../tool.ts";
import { etcdVersion, etcdVersionLine, quorateVersion } from "../version.ts";
import type { CtlCommand } from "./command.ts";
import { Context } from "./context.ts";
import { endpointCommands } from "./endpoint.ts";
import { kvCommands } from "./kv.ts";
import { memberCommands } from "./member.ts";
import { txnCommands } from "./txn.ts";

const version: CtlCommand = {
  path: ["version"],
  usage: "",
  help: "Prints the version",
  options: [],
  async run(c) {
    c.io.out(`etcdctl version: ${etcdVersion}\nAPI version: ${etcdVersionLine}\nQuorate version: ${quorateVersion}\n`);
    return Exit.success;
  },
};

export const ctlCommands: readonly CtlCommand[] = [
  ...kvCommands,
  ...txnCommands,
  ...memberCommands,
  ...endpointCommands,
  version,
];

const string = (name: string, help: string): Option => ({ name, kind: "string", fallback: "", help });
const duration = (name: string, fallback: string, help: string): Option => ({ name, kind: "duration", fallback, help });
const bool = (name: string, fallback: string, help: string): Option => ({ name, kind: "bool", fallback, help });

export const globalOptions: readonly Option[] = [
  { name: "endpoints", kind: "list", fallback: "127.0.0.1:2379", help: "Client URLs of members, separated by commas" },
  {
    name: "write-out",
    letter: "w",
    kind: "string",
    fallback: "simple",
    help: "Form of output: simple, json, fields, table, protobuf",
  },
  bool("hex", "false", "Print bytes and identities in hexadecimal"),
  duration("command-timeout", "5s", "Limit of one request"),
  duration("dial-timeout", "2s", "Limit of connecting"),
  duration("keepalive-time", "2s", "Silence before the connection is probed"),
  duration("keepalive-timeout", "6s", "Wait for the answer to the probe"),
  string("cert", "Certificate file of this client"),
  string("key", "Key file of this client"),
  string("cacert", "Authorities that servers are verified against"),
  bool("insecure-transport", "true", "No TLS unless certificates or https are given"),
  bool("insecure-skip-tls-verify", "false", "Do not verify the server (for tests only)"),
  string("user", "name[:password]"),
  string("password", "Password, when --user has none"),
  { name: "discovery-srv", letter: "d", kind: "string", fallback: "", help: "Domain whose SRV records name endpoints" },
  string("discovery-srv-name", "Suffix of the service name in those records"),
  bool("insecure-discovery", "true", "Accept endpoints without TLS from those records"),
  bool("debug", "false", "Print the options in force"),
  { name: "max-request-bytes", kind: "int", fallback: "0", help: "Limit of a request, 0 for 2 MiB" },
  { name: "max-recv-bytes", kind: "int", fallback: "0", help: "Limit of an answer, 0 for none" },
];

function valueText(options: Options, option: Option): string {
  if (option.kind === "list") return `[${options.strings(option.name).join(" ")}]`;
  if (option.kind === "duration") return `${options.number(option.name)}ms`;
  return String(
    option.kind === "bool"
      ? options.bool(option.name)
      : option.kind === "int"
        ? options.number(option.name)
        : options.string(option.name),
  );
}

function printOptions(io: Io, options: Options): void {
  const names = globalOptions.map((option) => option.name).sort();
  for (const name of names) {
    const option = options.find(name) as Option;
    const shown = name === "password" && options.string(name) !== "" ? "***" : valueText(options, option);
    io.err(`ETCDCTL_${name.toUpperCase().replaceAll("-", "_")}=${shown}\n`);
  }
}

/** Only global options have variables. */
class GlobalView extends Options {
  readonly #all: Options;

  constructor(all: Options) {
    super(globalOptions);
    this.#all = all;
  }

  override given(name: string): boolean {
    return this.#all.given(name);
  }

  override set(option: Option, text: string): void {
    this.#all.set(option, text);
  }
}

function prepare(io: Io, options: Options, words: readonly string[]): Context {
  takeVariables("ETCDCTL_", new GlobalView(options), io.variables, (text) => io.err(text));
  if (options.bool("debug")) printOptions(io, options);
  if (options.string("discovery-srv") !== "") {
    throw new CommandError(Exit.badFeature, "--discovery-srv is not offered; give the endpoints with --endpoints");
  }
  return new Context(io, options, words);
}

const quoratectl: Tool<Context> = {
  name: "quoratectl",
  summary: "Asks and changes a cluster, as etcdctl does.",
  note: "Each global option can be given as a variable: --endpoints as ETCDCTL_ENDPOINTS.\n",
  commands: ctlCommands,
  options: globalOptions,
  prepare,
  release: (context) => context.close(),
};

/** Runs one invocation of quoratectl. `args` are those behind the program's name. Returns the exit status. */
export function runCtl(args: readonly string[], io: Io): Promise<number> {
  return runTool(quoratectl, args, io);
}
