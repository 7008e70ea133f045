import { BootError, type StopReason } from "@quorate/member";
import { readBytes } from "@quorate/platform";
import { etcdVersion, type FlagProblem, loadServerConfig, type ServerConfig, versionText } from "./flags/index.ts";
import { LogOutputs, ZapLogger } from "./logger.ts";
import { QuorateServer } from "./server.ts";

/** Reads a file for the configuration; errors read as Go's do. */
function readFile(path: string): string {
  try {
    return readBytes(path).toString("utf8");
  } catch (error) {
    throw new Error(`open ${path}: ${systemText(error)}`, { cause: error });
  }
}

function systemText(error: unknown): string {
  const code = (error as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "no such file or directory";
  if (code === "EACCES") return "permission denied";
  if (code === "EISDIR") return "is a directory";
  return error instanceof Error ? error.message : String(error);
}

function fileProblem(path: string): string | undefined {
  try {
    readBytes(path);
    return undefined;
  } catch (error) {
    return `open ${path}: ${systemText(error)}`;
  }
}

/**
 * Runs a server until it stops. Prints what etcd prints for `--help`, `--version` and wrong flags.
 *
 * @param args the command line without program names.
 * @returns the exit code; a stop by signal ends the process by that signal instead.
 */
export async function runServer(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): Promise<number> {
  const command = loadServerConfig(args, { variables: env, readFile, fileProblem });
  switch (command.kind) {
    case "version":
      process.stdout.write(
        versionText({ nodeVersion: process.version, platform: process.platform, arch: process.arch }),
      );
      return 0;
    case "help":
      process.stdout.write(command.stdout);
      process.stderr.write(command.stderr);
      return 0;
    case "refused": {
      process.stderr.write(command.stderr);
      const logger = new ZapLogger(new LogOutputs(["stderr"]), { level: "info", format: "json" }, "etcdmain/etcd.go:1");
      for (const notice of command.notices) logger.log(notice.level, notice.message, notice.fields);
      if (command.stderr === "") reportProblems(logger, command.problems);
      return command.exitCode;
    }
    case "serve": {
      const logger = openLogger(command.config);
      if (typeof logger === "string") {
        process.stderr.write(`${logger}\n`);
        return 1;
      }
      logger.log("info", "Running: ", { args: ["quorate", ...args] });
      for (const notice of command.notices) logger.log(notice.level, notice.message, notice.fields);
      return await serve(command.config, logger);
    }
  }
}

function reportProblems(logger: ZapLogger, problems: readonly FlagProblem[]): void {
  for (const problem of problems) {
    const message = problem.stage === "start" ? "discovery failed" : "failed to verify flags";
    logger.log(problem.stage === "start" ? "fatal" : "error", message, { flag: problem.flag, error: problem.message });
  }
}

function openLogger(config: ServerConfig): ZapLogger | string {
  try {
    return new ZapLogger(new LogOutputs(config.log.outputs), config.log, "etcdmain/etcd.go:1");
  } catch (error) {
    return `--log-outputs ${config.log.outputs.join(",")}: ${systemText(error)}`;
  }
}

const signals = ["SIGTERM", "SIGINT"] as const;
/** Without a listener Node would open a debugger at the first, and end at the second; etcd does nothing. */
const signalsWithoutMeaning = ["SIGUSR1", "SIGUSR2"] as const;

async function serve(config: ServerConfig, logger: ZapLogger): Promise<number> {
  logger.log("info", "starting an etcd server", {
    "etcd-version": etcdVersion,
    name: config.name,
    "data-dir": config.dataDir,
    "initial-advertise-peer-urls": config.initialAdvertisePeerUrls.map((url) => url.text),
    "listen-peer-urls": config.listenPeerUrls.map((url) => url.text),
    "advertise-client-urls": config.advertiseClientUrls.map((url) => url.text),
    "listen-client-urls": config.listenClientUrls.map((url) => url.text),
    "initial-cluster": config.initialCluster,
    "initial-cluster-state": config.initialClusterState,
    "initial-cluster-token": config.initialClusterToken,
  });
  let stopped: (code: number) => void = () => undefined;
  const exit = new Promise<number>((resolve) => {
    stopped = resolve;
  });
  let server: QuorateServer;
  try {
    server = await QuorateServer.start(config, logger, (reason) => {
      stopped(report(logger, reason));
    });
  } catch (error) {
    logger.log("fatal", "discovery failed", { error: error instanceof Error ? error.message : String(error) });
    if (!(error instanceof BootError) && error instanceof Error && error.stack !== undefined && isBug(error)) {
      process.stderr.write(`${error.stack}\n`);
    }
    return 1;
  }
  // A terminal and a parent process may each tell of one Ctrl-C: what follows the first signal changes nothing.
  let stopping = false;
  const onFirst = (signal: NodeJS.Signals): void => {
    if (stopping) return;
    stopping = true;
    const stopListening = (): void => {
      for (const name of signals) process.off(name, onFirst);
    };
    onSignal(signal, server, logger, stopListening).catch(() => process.exit(1));
  };
  for (const name of signals) process.on(name, onFirst);
  for (const name of signalsWithoutMeaning) process.on(name, () => undefined);
  server.serveClients().catch((error: unknown) => {
    logger.log("fatal", "listener failed", { error: error instanceof Error ? error.message : String(error) });
    stopped(1);
  });
  const code = await exit;
  await settle(server);
  return code;
}

/** Errors without a system code and of a built-in kind come from our own mistakes. */
const isBug = (error: Error): boolean => error instanceof TypeError || error.name === "InvariantError";

/** Tells why the member stopped by itself; returns the exit code. */
function report(logger: ZapLogger, reason: StopReason): number {
  if (reason.kind === "removed") {
    logger.log("warn", "server error", { error: "the member has been permanently removed from the cluster" });
    // Until the others know, what it holds may be needed still.
    if (reason.known) logger.log("warn", "data-dir used by this member must be removed");
    return 1;
  }
  const { error } = reason;
  logger.log("fatal", "the member stopped itself", {
    error: error instanceof Error ? error.message : String(error),
    stacktrace: error instanceof Error ? (error.stack ?? "") : "",
  });
  return 1;
}

/** A stop that hangs must not keep the process. */
async function settle(server: QuorateServer): Promise<void> {
  const late = new Promise<void>((resolve) => {
    setTimeout(resolve, 5000).unref();
  });
  await Promise.race([server.close().catch(() => undefined), late]);
}

/** Stops the server, then ends the process as if nobody had listened for the signal. */
async function onSignal(
  signal: NodeJS.Signals,
  server: QuorateServer,
  logger: ZapLogger,
  stopListening: () => void,
): Promise<void> {
  logger.log("info", "received signal; shutting down", { signal: signal === "SIGTERM" ? "terminated" : "interrupt" });
  await settle(server);
  logger.close();
  if (process.pid === 1) process.exit(0);
  stopListening();
  process.kill(process.pid, signal);
}
