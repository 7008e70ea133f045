import { describe, expect, test } from "vitest";
import { config, load, refusal } from "../testing/flags.ts";

describe("the configuration file", () => {
  const file = `# a comment
name: n1
data-dir: "n1.data"   # behind a value
listen-client-urls: http://127.0.0.1:2379
advertise-client-urls: http://127.0.0.1:2379
heartbeat-interval: 200
watch-progress-notify-interval: 5000000000
log-outputs: [stderr, 'x y']
cipher-suites:
- TLS_RSA_WITH_AES_128_CBC_SHA
  # between
- TLS_RSA_WITH_AES_256_CBC_SHA
wal-dir:
pre-vote: false
proxy: 'off'
discovery-fallback: 'proxy'
someday: 1
peer-transport-security:
  cert-file: c
  key-file: k
  allowed-cn: [a, b]
socket-options: {reuse-port: true}
`;

  test("takes the place of flags and variables", () => {
    const files = { f: file, c: "", k: "" };
    const command = load(["--name=other", "--config-file", "f"], { ETCD_HEARTBEAT_INTERVAL: "z" }, files);
    if (command.kind !== "serve") throw new Error(JSON.stringify(command));
    expect(command.config).toMatchObject({
      name: "n1",
      dataDir: "n1.data",
      walDir: "",
      heartbeatIntervalMs: 200,
      watchProgressNotifyIntervalMs: 5000,
      preVote: false,
      socketReusePort: true,
      cipherSuites: ["TLS_RSA_WITH_AES_128_CBC_SHA", "TLS_RSA_WITH_AES_256_CBC_SHA"],
    });
    expect(command.config.log.outputs).toEqual(["stderr", "x y"]);
    expect(command.config.peerTls).toMatchObject({ certFile: "c", allowedCommonNames: ["a", "b"] });
    expect(command.notices.map((notice) => notice.fields["key"])).toContain("someday");
  });

  test("may be JSON, and come from a variable", () => {
    const json = '{\n  "name": "j",\n\t"client-transport-security": {"client-cert-auth": true}\n}';
    const c = config([], { ETCD_CONFIG_FILE: "f" }, { f: json });
    expect([c.name, c.clientTls.clientCertAuth]).toEqual(["j", true]);
  });

  test.each([
    ["heartbeat-interval: abc", 'f: invalid value "abc" for heartbeat-interval: must be a number'],
    [
      "grpc-keepalive-interval: 10m",
      'f: invalid value "10m" for grpc-keepalive-interval: must be a whole number of nanoseconds',
    ],
    [
      "listen-peer-urls: ftp://a",
      "unexpected error setting up listen-peer-urls: URL scheme must be http, https, unix, or unixs: ftp://a",
    ],
    ["name: a\nname: b", "f: line 2: key name is given twice"],
    ["name: |\n  a", "f: line 1: | is not supported here"],
    ["just words", 'f: line 1: expected "key: value", found just words'],
    ["peer-transport-security: 1", "invalid peer-transport-security"],
    ["name: [a", "f: line 1: expected , or ]"],
    ["a:\n  b: 1\n c: 2", "f: line 3: unexpected indentation"],
  ])("%j is refused", (text, message) => {
    expect(refusal(["--config-file=f"], {}, { f: text }).slice(0, 2)).toEqual([message, 1]);
  });
});
