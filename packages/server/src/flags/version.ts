/** Which etcd this program is towards clients, peers, disks and scripts; the one place that says so. */
export const etcdVersion = "3.6.14";

/** The version line of features and formats that belongs to it: major and minor. */
export const etcdVersionLine = "3.6";

/** Our own version. */
export const quorateVersion = "0.1.0";

/** What `--version` prints: etcd's lines first, because tools parse them, then ours. */
export function versionText(runtime: {
  readonly nodeVersion: string;
  readonly platform: string;
  readonly arch: string;
}): string {
  const arch = runtime.arch === "x64" ? "amd64" : runtime.arch;
  return [
    `etcd Version: ${etcdVersion}`,
    "Git SHA: Not provided",
    `Go Version: none (Node ${runtime.nodeVersion})`,
    `Go OS/Arch: ${runtime.platform}/${arch}`,
    `Quorate Version: ${quorateVersion}`,
    "",
  ].join("\n");
}
