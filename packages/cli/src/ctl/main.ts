/** quoratectl: the commands of etcdctl v3. */
import { CommandError, Exit, type Io } from "../io.ts";
import { type Option, Options, parseOptions, takeVariables, UsageError } from "../pflag.ts";
import { etcdVersion, etcdVersionLine, quorateVersion } from "../version.ts";
import type { Command } from "./command.ts";
import { Context } from "./context.ts";
import { endpointCommands } from "./endpoint.ts";
import { findCommand, helpFor } from "./help.ts";
import { kvCommands } from "./kv.ts";
import { memberCommands } from "./member.ts";
import { txnCommands } from "./txn.ts";

const version: Command = {
  path: ["version"],
  usage: "",
  help: "Prints the version",
  options: [],
  async run(c) {
    c.io.out(`etcdctl version: ${etcdVersion}\nAPI version: ${etcdVersionLine}\nQuorate version: ${quorateVersion}\n`);
    return Exit.success;
  },
};

export const ctlCommands: readonly Command[] = [
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

const help: Option = { name: "help", letter: "h", kind: "bool", fallback: "false", help: "Explain the command" };

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

async function runCommand(command: Command, args: readonly string[], io: Io): Promise<number> {
  const options = new Options([...globalOptions, ...command.options, help]);
  let words: string[];
  try {
    words = parseOptions(args, options);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    io.out(helpFor(command, globalOptions));
    io.err(`Error: ${error.message}\n\n`);
    return Exit.error;
  }
  if (options.bool("help")) {
    io.out(helpFor(command, globalOptions));
    return Exit.success;
  }
  takeVariables("ETCDCTL_", new GlobalView(options), io.variables, (text) => io.err(text));
  if (options.bool("debug")) printOptions(io, options);
  if (options.string("discovery-srv") !== "") {
    throw new CommandError(Exit.badFeature, "--discovery-srv is not offered; give the endpoints with --endpoints");
  }
  const context = new Context(io, options, words);
  try {
    return await command.run(context);
  } finally {
    context.close();
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

/** Runs one invocation. `args` are those behind the program's name. Returns the exit status. */
export async function runCtl(args: readonly string[], io: Io): Promise<number> {
  const found = findCommand(args, ctlCommands, [...globalOptions, help]);
  try {
    if (found.kind === "help") {
      io.out(found.text);
      return Exit.success;
    }
    if (found.kind === "unknown") {
      io.err(`Error: unknown command "${found.word}" for "quoratectl"\nRun 'quoratectl --help' for usage.\n`);
      return Exit.error;
    }
    return await runCommand(found.command, found.args, io);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    if (error.message !== "") io.err(`Error: ${error.message}\n`);
    if (error.explanation !== undefined) io.err(`${error.explanation}\n`);
    return error.exitCode;
  }
}
