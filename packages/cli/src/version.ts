/**
 * The versions that command line tools print. They stand here, not in an import from the server, so that printing
 * them loads nothing; a test compares them with the server's.
 */
export const etcdVersion = "3.6.14";
export const etcdVersionLine = "3.6";
export const quorateVersion = "0.1.0";

/** What `quorate --version` prints: etcd's lines first, because tools parse them, then ours. */
export function serverVersionText(nodeVersion: string, platform: string, arch: string): string {
  return [
    `etcd Version: ${etcdVersion}`,
    "Git SHA: Not provided",
    `Go Version: none (Node ${nodeVersion})`,
    `Go OS/Arch: ${platform}/${arch === "x64" ? "amd64" : arch}`,
    `Quorate Version: ${quorateVersion}`,
    "",
  ].join("\n");
}
