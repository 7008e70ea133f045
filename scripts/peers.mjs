// Builds the real programs that tests and benchmarks measure us against, from the Go modules under
// tests/interop/peers and tests/interop/raft-oracle, into .peers/bin, and prints what there is.
//
//   npm run peers                     everything
//   npm run peers -- --only bbolt     some, by name
//
// Nothing is rebuilt while its go.mod, go.sum, sources and the Go version stay as they were.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fail, parseArgs, root, run, since } from "./lib/run.mjs";

const modulesDir = join(root, "tests/interop/peers");
const binDir = join(root, ".peers/bin");
const stampFile = join(root, ".peers/stamps.json");

/** What is built: name of the binary, our module that pins it, the package in it, the Go module that gives the version. */
const peers = [
  ...["3.5", "3.6", "3.7"].flatMap((line) => [
    { name: `etcd-${line}`, module: `etcd-${line}`, package: ".", of: "go.etcd.io/etcd/server/v3" },
    ...["etcdctl", "etcdutl"].map((tool) => ({
      name: `${tool}-${line}`,
      module: `etcd-${line}`,
      package: `go.etcd.io/etcd/${tool}/v3`,
      of: `go.etcd.io/etcd/${tool}/v3`,
    })),
  ]),
  ...["benchmark", "etcd-dump-logs"].map((tool) => ({
    name: tool,
    module: "etcd-tools",
    package: `go.etcd.io/etcd/v3/tools/${tool}`,
    of: "go.etcd.io/etcd/v3",
  })),
  { name: "txn-load", module: "etcd-tools", package: ".", of: "go.etcd.io/etcd/v3" },
  { name: "porcupine-check", module: "porcupine", package: ".", of: "github.com/anishathalye/porcupine" },
  { name: "bbolt", module: "bbolt", package: "go.etcd.io/bbolt/cmd/bbolt", of: "go.etcd.io/bbolt" },
  {
    name: "h2spec",
    module: "h2spec",
    package: "github.com/summerwind/h2spec/cmd/h2spec",
    of: "github.com/summerwind/h2spec",
  },
  ...["client", "server"].map((side) => ({
    name: `grpc-interop-${side}`,
    module: "grpc",
    package: `google.golang.org/grpc/interop/${side}`,
    of: "google.golang.org/grpc",
  })),
  { name: "raft-oracle", module: "../raft-oracle", package: ".", of: "go.etcd.io/raft/v3" },
];

/** What Debian's packages bring (etcd-server, etcd-client, nghttp2-client, curl): looked up in PATH, never built. */
const installed = [
  { name: "etcd", args: ["--version"] },
  { name: "etcdctl", args: ["version"] },
  { name: "h2load", args: ["--version"] },
  { name: "curl", args: ["--version"] },
];

function versionOf(peer) {
  const line = readFileSync(join(modulesDir, peer.module, "go.mod"), "utf8")
    .split("\n")
    .find((text) => text.replace(/^(require)?\s*/, "").startsWith(`${peer.of} `));
  return /\sv(\S+)/.exec(line ?? "")?.[1] ?? fail(`${peer.module}/go.mod does not name ${peer.of}`);
}

function stampOf(peer, goVersion) {
  const hash = createHash("sha256").update(goVersion).update(peer.package);
  const dir = join(modulesDir, peer.module);
  const sources = readdirSync(dir).filter((file) => /\.(go|mod|sum|s)$/.test(file));
  for (const file of sources.sort()) hash.update(file).update(readFileSync(join(dir, file)));
  return hash.digest("hex");
}

function readStamps() {
  try {
    return JSON.parse(readFileSync(stampFile, "utf8"));
  } catch {
    return {}; // None yet, or cut short: then everything is built again.
  }
}

async function build(peer) {
  const target = join(binDir, peer.name);
  const result = await run("go", ["build", "-trimpath", "-ldflags=-s -w", "-o", `${target}.new`, peer.package], {
    cwd: join(modulesDir, peer.module),
    env: { ...process.env, CGO_ENABLED: "0", GOFLAGS: "-mod=readonly", GOWORK: "off" },
    capture: true,
    timeoutMs: 900_000,
  });
  if (result.code !== 0) {
    process.stderr.write(result.output);
    return false;
  }
  renameSync(`${target}.new`, target); // A half-written binary never carries the name.
  return true;
}

const { options } = parseArgs(process.argv.slice(2), ["only"]);
const wanted = typeof options["only"] === "string" ? options["only"].split(",") : undefined;
const unknown = wanted?.filter((name) => !peers.some((peer) => peer.name === name)) ?? [];
if (unknown.length > 0) {
  fail(`no such peer: ${unknown.join(", ")}; there are ${peers.map((peer) => peer.name).join(", ")}`);
}

const go = await run("go", ["version"], { capture: true });
const stamps = readStamps();
mkdirSync(binDir, { recursive: true });
let failures = 0;
for (const peer of peers.filter(({ name }) => wanted === undefined || wanted.includes(name))) {
  const path = join(binDir, peer.name);
  const version = versionOf(peer);
  const stamp = stampOf(peer, go.output);
  const current = existsSync(path) && stamps[peer.name] === stamp;
  const started = performance.now();
  if (current) {
    console.log(`${peer.name.padEnd(20)} ${version.padEnd(22)} ${path}`);
  } else if (go.code !== 0) {
    const old = existsSync(path) ? `kept as it was: ${path}` : "not built: there is no go here";
    console.log(`${peer.name.padEnd(20)} ${version.padEnd(22)} ${old}`);
  } else if (await build(peer)) {
    stamps[peer.name] = stamp;
    writeFileSync(stampFile, `${JSON.stringify(stamps, null, 2)}\n`);
    console.log(`${peer.name.padEnd(20)} ${version.padEnd(22)} ${path} (built in ${since(started)})`);
  } else {
    failures += 1;
    console.log(`${peer.name.padEnd(20)} ${version.padEnd(22)} did not build`);
  }
}
for (const program of wanted === undefined ? installed : []) {
  const answer = await run(program.name, program.args, { capture: true, timeoutMs: 10_000 });
  const version = answer.code === 0 ? (/\d+\.\d+[.\d]*/.exec(answer.output)?.[0] ?? "?") : "-";
  console.log(`${program.name.padEnd(20)} ${version.padEnd(22)} ${answer.code === 0 ? "in PATH" : "not installed"}`);
}
if (go.code !== 0) console.log("Go is missing, so nothing was built; tests use what is there and skip the rest.");
process.exitCode = failures > 0 ? 1 : 0;
