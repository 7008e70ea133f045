/** From a command line to a configuration, or to the reasons why there is none. */
import { buildConfig } from "./build.ts";
import { parseConfigFile } from "./config-file.ts";
import { goQuote } from "./go-values.ts";
import { helpText, usageText } from "./help.ts";
import { FlagFailure, type FlagProblem, type Notice, type ServerCommand } from "./outcome.ts";
import { HelpAsked, parseFlags, parseVariables } from "./parse.ts";
import { serverFlags } from "./table.ts";
import { unofferedNotices, verifyOffered } from "./unoffered.ts";
import { FlagValues } from "./values.ts";
import { advertiseMissing, verify, verifyOlderNames } from "./verify.ts";
import { type FileProblem, tlsNotices, verifyTls } from "./verify-start.ts";

/** What reading a configuration needs of the world. */
export interface FlagEnvironment {
  readonly variables: Readonly<Record<string, string | undefined>>;
  /** Throws an error whose message is the operating system's, as `open x: no such file or directory`. */
  readonly readFile: (path: string) => string;
  readonly fileProblem: FileProblem;
}

function refused(problems: readonly FlagProblem[], notices: readonly Notice[]): ServerCommand {
  const first = problems[0] as FlagProblem;
  if (first.stage !== "usage") return { kind: "refused", problems, notices, stderr: "", exitCode: 1 };
  return { kind: "refused", problems, notices, stderr: `${first.message}\n${usageText}\n`, exitCode: 2 };
}

function readConfigFile(path: string, values: FlagValues, env: FlagEnvironment): Notice[] {
  let text: string;
  try {
    text = env.readFile(path);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new FlagFailure({ stage: "verify", flag: "--config-file", message });
  }
  const notices = parseConfigFile(path, text, values);
  const message =
    "loaded server configuration, other configuration command line flags and environment variables will be ignored if provided";
  notices.push({ level: "info", message, fields: { path } });
  return notices;
}

/** Lets older names take the place of the newer ones, and collects etcd's warnings about them. */
function applyOlderNames(values: FlagValues): Notice[] {
  const notices: Notice[] = [];
  for (const flag of serverFlags) {
    if (!values.isGiven(flag.name)) continue;
    if (flag.replacement !== undefined) values.put(flag.replacement, values.get(flag.name));
    if (flag.gate !== undefined) {
      const gates = new Map(values.gates("feature-gates"));
      values.put("feature-gates", gates.set(flag.gate, values.bool(flag.name)));
    }
    if (flag.deprecation !== undefined) notices.push({ level: "warn", message: flag.deprecation, fields: {} });
  }
  if (values.bool("debug")) values.put("log-level", "debug");
  return notices;
}

function configNotices(values: FlagValues): Notice[] {
  const notices: Notice[] = [];
  const add = (level: Notice["level"], message: string, fields: Notice["fields"] = {}): void => {
    notices.push({ level, message, fields });
  };
  if (values.urls("listen-client-http-urls").length === 0) {
    add("warn", "Running http and grpc server on single port. This is not recommended for production.");
  }
  const name = values.string("name");
  if (name === "default") {
    const advice = "it isn't recommended to use default name, please set a value for --name.";
    const reason = "Note that etcd might run into issue when multiple members have the same default name";
    add("warn", `${advice} ${reason}`, { name });
  }
  for (const flag of ["raft-read-timeout", "raft-write-timeout"]) {
    if (values.number(flag) < 5000) add("info", `${flag} increased to minimum value: 5s`);
  }
  if (values.string("data-dir") === "") {
    add("warn", "'data-dir' was empty; using default", { "data-dir": `${name}.etcd` });
  }
  const cost = values.number("bcrypt-cost");
  if (cost < 4 || cost > 31) {
    add("warn", "--bcrypt-cost is out of range; using the default", { given: cost, min: 4, max: 31, default: 10 });
  }
  return notices;
}

function load(args: readonly string[], env: FlagEnvironment, notices: Notice[]): ServerCommand {
  const values = new FlagValues();
  const rest = parseFlags(args, values);
  const stray = rest[0];
  if (stray !== undefined) {
    const message = `${goQuote(stray)} is not a valid flag`;
    throw new FlagFailure({ stage: "verify", flag: stray, message });
  }
  if (values.bool("version")) return { kind: "version" };
  const path = values.string("config-file") || (env.variables["ETCD_CONFIG_FILE"] ?? "");
  let used = values;
  if (path === "") notices.push(...parseVariables(env.variables, values));
  else {
    used = new FlagValues();
    notices.push(...readConfigFile(path, used, env));
  }
  const conflicts = verifyOlderNames(used);
  notices.push(...applyOlderNames(used));
  const problems = [...conflicts, ...verify(used, path === "" ? "flags" : "file")];
  if (problems.length > 0) {
    if (problems.some((problem) => problem.message === advertiseMissing)) {
      notices.push({
        level: "warn",
        message: "advertise client URLs are not set",
        fields: { error: advertiseMissing },
      });
    }
    return refused(problems, notices);
  }
  notices.push(...configNotices(used));
  const unoffered = verifyOffered(used);
  if (unoffered !== undefined) return refused([unoffered], notices);
  notices.push(...unofferedNotices(used));
  const config = buildConfig(used);
  const tls = verifyTls(config, env.fileProblem);
  if (tls !== undefined) return refused([tls], notices);
  notices.push(...tlsNotices(config));
  return { kind: "serve", config, notices };
}

/**
 * Reads the server's command line, variables and configuration file, and checks all that can be checked before
 * anything starts. `--initial-cluster` is judged later, when the data directory is known: a member that has a log
 * ignores it.
 *
 * @param args behind the program's name.
 */
export function loadServerConfig(args: readonly string[], env: FlagEnvironment): ServerCommand {
  const notices: Notice[] = [];
  try {
    return load(args, env, notices);
  } catch (error) {
    if (error instanceof HelpAsked) return { kind: "help", stdout: helpText(), stderr: `${usageText}\n` };
    if (error instanceof FlagFailure) return refused([error.problem], notices);
    throw error;
  }
}
