import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  freePorts,
  initialCluster,
  ownBinary,
  pause,
  realBinary,
  runProgram,
  Scope,
  ServerCluster,
  serverCommand,
  type ServerMember,
} from "../support/index.ts";
import { listedBy } from "./support/members.ts";

const scope = new Scope();
afterAll(() => scope.close());

let spare: { readonly client: string; readonly peer: string; readonly other: string };
let running: ServerMember;
beforeAll(async () => {
  const [client, peer, other] = (await freePorts(3)).map((port) => `http://127.0.0.1:${port}`);
  spare = { client: client ?? "", peer: peer ?? "", other: other ?? "" };
  const cluster = await ServerCluster.start(scope, { program: "quorate", members: 1 });
  running = cluster.members[0] as ServerMember;
});

/** Flags that would start a member, with some of them replaced (or taken out, by undefined). */
function flagsWith(changes: Readonly<Record<string, string | undefined>> = {}): string[] {
  const good: Record<string, string | undefined> = {
    name: "n1",
    "data-dir": join(scope.dir("start"), "n1"),
    "listen-client-urls": spare.client,
    "advertise-client-urls": spare.client,
    "listen-peer-urls": spare.peer,
    "initial-advertise-peer-urls": spare.peer,
    "initial-cluster": `n1=${spare.peer},n2=${spare.other}`,
    "initial-cluster-state": "new",
    "initial-cluster-token": "start",
    ...changes,
  };
  return Object.entries(good)
    .filter(([, value]) => value !== undefined)
    .map(([flag, value]) => `--${flag}=${value}`);
}

/** Starts a server that must end by itself, and returns its code and the lines that tell of an error. */
async function refusedStart(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<{ readonly code: number | null; readonly errors: string[] }> {
  const { code, stdout, stderr } = await runProgram(ownBinary("quorate"), args, { env, timeoutMs: 20_000 });
  const errors = (stderr + stdout).split("\n").flatMap((line) => {
    if (!line.startsWith("{")) return line === "" || /^Usage|^ {2}/.test(line) ? [] : [line];
    const { level, msg, ts: _ts, caller: _caller, ...fields } = JSON.parse(line) as Record<string, unknown>;
    return ["error", "fatal", "panic"].includes(String(level)) ? [[msg, ...Object.values(fields)].join(": ")] : [];
  });
  return { code, errors };
}

/** What is wrong, what the one error line must name, and the exit code. */
const wrong: readonly (readonly [string, () => string[], RegExp, number])[] = [
  ["an unknown flag", () => [...flagsWith(), "--no-such-flag"], /flag provided but not defined: -no-such-flag/, 2],
  ["a stray word", () => [...flagsWith(), "stray"], /"stray" is not a valid flag/, 1],
  ["a state that does not exist", () => flagsWith({ "initial-cluster-state": "bogus" }), /initial-cluster-state/, 2],
  ["a duration that is none", () => flagsWith({ "heartbeat-interval": "soon" }), /heartbeat-interval/, 2],
  [
    "an election timeout below five heartbeats",
    () => flagsWith({ "election-timeout": "300" }),
    /--election-timeout\[300ms\] should be at least as 5 times as --heartbeat-interval\[100ms\]/,
    1,
  ],
  [
    "client URLs that nobody is told of",
    () => flagsWith({ "advertise-client-urls": undefined }),
    /--advertise-client-urls is required when --listen-client-urls is set explicitly/,
    1,
  ],
  [
    "a host name to listen on",
    () => flagsWith({ "listen-client-urls": "http://example.invalid:2379" }),
    /expected IP in URL for binding \(http:\/\/example\.invalid:2379\)/,
    1,
  ],
  ["a URL of another scheme", () => flagsWith({ "listen-peer-urls": "ftp://127.0.0.1:1" }), /listen-peer-urls/, 2],
  ["a URL without a port", () => flagsWith({ "listen-peer-urls": "http://127.0.0.1" }), /listen-peer-urls/, 2],
  [
    "a URL with a path",
    () => flagsWith({ "advertise-client-urls": `${"http://127.0.0.1:1"}/x` }),
    /advertise-client/,
    2,
  ],
  [
    "https without a certificate",
    () => flagsWith({ "listen-client-urls": spare.client.replace("http:", "https:") }),
    /--cert-file, --key-file/,
    1,
  ],
  [
    "a certificate that is not there",
    () =>
      flagsWith({
        "listen-client-urls": spare.client.replace("http:", "https:"),
        "cert-file": "/nowhere/cert.pem",
        "key-file": "/nowhere/key.pem",
      }),
    /\/nowhere\/cert\.pem/,
    1,
  ],
  [
    "a name that the cluster does not have",
    () => flagsWith({ name: "n3" }),
    /couldn't find local name "n3" in the initial cluster configuration/,
    1,
  ],
  [
    "peer URLs that differ from those of the cluster",
    () => flagsWith({ "initial-cluster": `n1=${"http://127.0.0.1:1"},n2=${spare.other}` }),
    /has n1=http:\/\/127\.0\.0\.1:1 but missing from --initial-advertise-peer-urls=http\S+ \(resolved urls: "http:\S+" != "http:\S+"\)/,
    1,
  ],
  [
    "a name given to two members",
    () => flagsWith({ "initial-cluster": `n1=${spare.peer},n1=${spare.other}` }),
    /--initial-cluster has n1=http:\S+ but missing from --initial-advertise-peer-urls=\S+ \(len\(\[.*\]\) != len\(\[.*\]\)\)/,
    1,
  ],
  [
    "a member of the cluster without a URL",
    () => flagsWith({ "initial-cluster": `n1=${spare.peer},n2` }),
    /error setting up initial cluster: URL scheme must be http, https, unix, or unixs: {2}\(--initial-cluster\)/,
    1,
  ],
  [
    "a URL given to two members",
    () => flagsWith({ "initial-cluster": `n1=${spare.peer},n2=${spare.peer}` }),
    /duplicate url \(--initial-cluster\)/,
    1,
  ],
  [
    "an existing cluster of which nobody answers",
    () => flagsWith({ "initial-cluster-state": "existing" }),
    /cannot fetch cluster info from peer urls.*--initial-cluster/,
    1,
  ],
  [
    "an existing cluster that has other members than said",
    () =>
      flagsWith({
        "initial-cluster-state": "existing",
        "initial-cluster": `n1=${spare.peer},m1=${running.peerUrl}`,
      }),
    /error validating peerURLs .*member count is unequal.*--initial-cluster/,
    1,
  ],
  [
    "a client port in use",
    () => flagsWith({ "listen-client-urls": running.clientUrl, "advertise-client-urls": running.clientUrl }),
    /--listen-client-urls: listen tcp 127\.0\.0\.1:\d+: bind: address already in use/,
    1,
  ],
  [
    "a peer port in use",
    () =>
      flagsWith({
        "listen-peer-urls": running.peerUrl,
        "initial-advertise-peer-urls": running.peerUrl,
        "initial-cluster": `n1=${running.peerUrl},n2=${spare.other}`,
      }),
    /--listen-peer-urls: listen tcp 127\.0\.0\.1:\d+: bind: address already in use/,
    1,
  ],
  [
    "the data directory of a member that runs",
    () => flagsWith({ "data-dir": running.dataDir }),
    /--data-dir \S+m1\.data is in use by another process/,
    1,
  ],
  [
    "one address for peers and clients",
    () => flagsWith({ "listen-client-urls": spare.peer, "advertise-client-urls": spare.peer }),
    /--listen-client-urls: listen tcp 127\.0\.0\.1:\d+: bind: address already in use/,
    1,
  ],
  ["a configuration file that is not there", () => ["--config-file=/nowhere/c.yaml"], /\/nowhere\/c\.yaml/, 1],
];

describe("a server that cannot be what it is told to be", () => {
  test.each(wrong)("refuses %s in one line that names it (P12)", async (_what, args, named, code) => {
    const outcome = await refusedStart(args());
    expect(outcome.errors).toHaveLength(1);
    expect(outcome.errors[0]).toMatch(named);
    expect(outcome.code).toBe(code);
  });

  test("refuses a data directory that cannot be written, by name (D29)", async () => {
    const file = join(scope.dir("file"), "not-a-folder");
    writeFileSync(file, "");
    for (const dataDir of [file, join(file, "below")]) {
      const outcome = await refusedStart(flagsWith({ "data-dir": dataDir }));
      expect(outcome.errors).toHaveLength(1);
      expect(outcome.errors[0]).toContain(`--data-dir ${dataDir}`);
      expect(outcome.code).toBe(1);
    }
  });

  test("refuses the data directory of another member, and says whose it is", async () => {
    const cluster = await ServerCluster.start(scope, { program: "quorate", members: 1 });
    const owner = cluster.members[0] as ServerMember;
    await cluster.stop();
    const outcome = await refusedStart(flagsWith({ "data-dir": owner.dataDir }));
    expect(outcome.errors).toHaveLength(1);
    expect(outcome.errors[0]).toMatch(/--data-dir \S+ belongs to member [0-9a-f]+ named .*m1.*, not to --name n1/);
    expect(outcome.code).toBe(1);
    owner.start();
    await owner.ready();
    await cluster.stop();
  });

  test("refuses a variable that a flag contradicts", async () => {
    const outcome = await refusedStart(flagsWith(), { ETCD_NAME: "n2" });
    expect(outcome.errors).toHaveLength(1);
    expect(outcome.errors[0]).toMatch(/conflicting environment variable.*ETCD_NAME|ETCD_NAME.*conflicting/);
    expect(outcome.code).toBe(1);
  });

  test("leaves a data directory, when its flags are refused, in which the right flags start a member", async () => {
    const dataDir = join(scope.dir("again"), "m1");
    const refused = await refusedStart(flagsWith({ "data-dir": dataDir, "initial-cluster": `n2=${spare.peer}` }));
    expect(refused.code).toBe(1);
    const cluster = await ServerCluster.create(scope, {
      program: "quorate",
      members: 1,
      flags: [`--data-dir=${dataDir}`],
    });
    cluster.startAll();
    await cluster.ready();
    await cluster.stop();
  });
});

describe("a server that starts", () => {
  test("asks nothing of the flags about the founding once it has a log", async () => {
    const cluster = await ServerCluster.start(scope, { program: "quorate", members: 1 });
    const [member] = cluster.members as [ServerMember];
    const { flags } = member;
    for (const founding of ["m7=http://127.0.0.1:1", "m1", ""]) {
      await cluster.stop();
      member.flags = flags.map((flag) => flag.replace(/^(--initial-cluster=).*/, `$1${founding}`));
      cluster.startAll();
      await cluster.ready();
    }
    await cluster.stop();
  });

  test("writes etcd's log: one JSON object per line, with the messages that tools wait for", () => {
    const lines = running.process.output.trimEnd().split("\n");
    for (const line of lines) {
      const [level, ts, ...rest] = Object.keys(JSON.parse(line) as object);
      expect([level, ts]).toEqual(["level", "ts"]);
      expect(rest[0] === "logger" ? rest.slice(1, 3) : rest.slice(0, 2)).toEqual(["caller", "msg"]);
    }
    const messages = running.process.logLines().map(({ msg }) => String(msg));
    const expected = [
      /^Running: $/,
      /^starting an etcd server$/,
      /^starting local member$/,
      /^starting etcd server$/,
      /^serving peer traffic$/,
      /^[0-9a-f]+ became leader at term \d+$/,
      /^raft\.node: [0-9a-f]+ elected leader [0-9a-f]+ at term \d+$/,
      /^published local member to cluster through raft$/,
      /^ready to serve client requests$/,
      /^serving client traffic insecurely; this is strongly discouraged!$/,
    ];
    let from = 0;
    for (const pattern of expected) {
      const at = messages.findIndex((message, i) => i >= from && pattern.test(message));
      expect(at, `${String(pattern)} in\n${messages.join("\n")}`).toBeGreaterThanOrEqual(from);
      from = at;
    }
  });

  test("answers no client, but tells of itself on its metrics URL, and dies by SIGTERM while it waits for the others", async () => {
    for (const program of ["quorate", "etcd-3.6"].filter((name) => serverCommand(name) !== undefined)) {
      const [client = 0, metrics = 0] = await freePorts(2);
      const flags = [
        `--listen-metrics-urls=http://127.0.0.1:${metrics}`,
        `--listen-client-http-urls=http://127.0.0.1:${client}`,
      ];
      const cluster = await ServerCluster.create(scope, { program, flags });
      const [alone] = cluster.members as [ServerMember];
      alone.start();
      await alone.process.waitForOutput(/serving peer traffic/);
      await alone.process.waitForOutput(/serving metrics/);
      for (const url of [alone.clientUrl, `http://127.0.0.1:${client}`]) {
        await expect(fetch(`${url}/health`, { signal: AbortSignal.timeout(300) })).rejects.toThrow();
      }
      const answer = async (path: string): Promise<[number, string]> => {
        const response = await fetch(`http://127.0.0.1:${metrics}${path}`);
        return [response.status, await response.text()];
      };
      expect(await answer("/health"), program).toEqual([503, '{"health":"false","reason":"RAFT NO LEADER"}\n']);
      expect(await answer("/health?serializable=true")).toEqual([200, '{"health":"true","reason":""}']);
      expect(await answer("/livez")).toEqual([200, "ok\n"]);
      expect(await answer("/readyz/data_corruption")).toEqual([200, "ok\n"]);
      expect((await answer("/readyz?exclude=linearizable_read"))[0]).toBe(200);
      expect((await answer("/metrics"))[1]).toMatch(/^etcd_server_has_leader 0$/m);
      expect((await answer("/version"))[0]).toBe(404);
      expect(await alone.stop(3_000)).toEqual({ code: null, signal: "SIGTERM" });
    }
  });

  test("takes its configuration from a file, in etcd's keys", async () => {
    const cluster = await ServerCluster.create(scope, { program: "quorate", members: 1 });
    const [member] = cluster.members as [ServerMember];
    const file = join(scope.dir("config"), "etcd.yaml");
    const keys = member.flags.map((flag) => flag.replace(/^--([^=]+)=/, "$1: "));
    writeFileSync(file, `# a comment\n${keys.join("\n")}\n`.replace("log-outputs: stderr", "log-outputs: [stderr]"));
    member.flags = [`--config-file=${file}`];
    cluster.startAll();
    await cluster.ready();
    expect(member.process.logLines().find(({ msg }) => msg === "starting an etcd server")).toMatchObject({
      name: "m1",
      "data-dir": member.dataDir,
      "initial-cluster": initialCluster([member]),
    });
    await cluster.stop();
  });

  test("listens wherever it is told, metrics apart", async () => {
    const ports = await freePorts(3);
    const [first, second, metrics] = ports.map((port, i) => `http://${i === 1 ? "localhost" : "127.0.0.1"}:${port}`);
    const cluster = await ServerCluster.create(scope, {
      program: "quorate",
      members: 1,
      flags: [`--listen-client-urls=${first},${second}`, `--listen-metrics-urls=${metrics}`],
    });
    cluster.startAll();
    const [member] = cluster.members as [ServerMember];
    await member.process.waitForOutput(/serving client traffic[^]*serving client traffic/);
    for (const url of [first, second, metrics]) expect((await fetch(`${url}/health`)).status).toBe(200);
    expect((await fetch(`${metrics}/metrics`)).status).toBe(200);
    expect((await fetch(`${metrics}/version`)).status).toBe(404);
    await cluster.stop();
  });
});

describe("a server under an operator's hands", () => {
  test("takes no notice of signals that mean nothing to etcd, and a second Ctrl-C does not cut its stop short", async () => {
    const cluster = await ServerCluster.start(scope, { program: "quorate", members: 1 });
    const [member] = cluster.members as [ServerMember];
    for (const signal of ["SIGUSR1", "SIGUSR2", "SIGPIPE"] as const) member.process.signal(signal);
    await pause(300);
    await member.ready();
    expect(member.process.output).not.toContain("Debugger listening");
    member.process.signal("SIGINT");
    await member.process.waitForOutput(/received signal; shutting down/);
    member.process.signal("SIGINT");
    expect(await member.process.waitForExit()).toEqual({ code: null, signal: "SIGINT" });
    expect(member.process.output).toContain("closed etcd server");
  });

  test("listens again on a unix socket that it left behind when it was killed", async () => {
    const socket = join(scope.dir("socket"), "client.sock");
    const cluster = await ServerCluster.create(scope, { program: "quorate", members: 1 });
    const [member] = cluster.members as [ServerMember];
    member.flags.push(`--listen-client-urls=${member.clientUrl},unix://${socket}`);
    for (let start = 0; start < 2; start++) {
      member.start();
      await member.process.waitForOutput(/serving client traffic[^]*serving client traffic/);
      expect(existsSync(socket)).toBe(true);
      await member.kill();
      expect(existsSync(socket)).toBe(true);
    }
  });

  test("is told when others can look into its data directory, which it makes for itself alone", async () => {
    const cluster = await ServerCluster.start(scope, { program: "quorate", members: 1 });
    const [member] = cluster.members as [ServerMember];
    expect(statSync(member.dataDir).mode & 0o777).toBe(0o700);
    expect(member.process.output).not.toContain("check file permission");
    await cluster.stop();
    chmodSync(member.dataDir, 0o755);
    cluster.startAll();
    await cluster.ready();
    expect(member.process.logLines().find(({ msg }) => msg === "check file permission")).toMatchObject({
      level: "warn",
      error: `--data-dir ${member.dataDir} has mode 0755; with 0700 its keys and values stay private`,
    });
    await cluster.stop();
  });

  test("writes its log to files that collectors of logs may read", async () => {
    const file = join(scope.dir("log"), "etcd.log");
    const cluster = await ServerCluster.create(scope, {
      program: "quorate",
      members: 1,
      flags: [`--log-outputs=${file},stdout`],
    });
    cluster.startAll();
    await cluster.ready();
    const [member] = cluster.members as [ServerMember];
    await cluster.stop();
    expect(readFileSync(file, "utf8")).toBe(member.process.output);
    expect(statSync(file).mode & 0o777).toBe(0o644 & ~process.umask());
  });
});

describe.skipIf(realBinary("etcdctl-3.4") === undefined)("a server that is told all by variables", () => {
  test("is the same member of the same cluster as one that is told by flags", async () => {
    const cluster = await ServerCluster.create(scope, { program: "quorate" });
    const byFlags: string[] = [];
    for (const member of cluster.members) {
      member.env = Object.fromEntries(
        member.flags.map((flag) => {
          const [, name = "", value = ""] = /^--([^=]+)=(.*)$/.exec(flag) ?? [];
          return [`ETCD_${name.toUpperCase().replaceAll("-", "_")}`, value];
        }),
      );
      byFlags.push(...member.flags);
      member.flags = [];
    }
    expect(byFlags).toContain(`--initial-cluster=${initialCluster(cluster.members)}`);
    cluster.startAll();
    await cluster.ready();
    for (const member of cluster.members) {
      const listed = (await listedBy(member)).map(({ name, status, peerUrls }) => `${name} ${status} ${peerUrls}`);
      expect(listed.sort()).toEqual(cluster.members.map(({ name, peerUrl }) => `${name} started ${peerUrl}`));
    }
    await cluster.stop();
  });
});
