import { connect, createServer, type ListenOptions, type Server } from "node:net";
import { NodeDisk } from "@quorate/platform";
import type { MemberUrl, ServerConfig } from "./flags/index.ts";

export const isLocalSocket = ({ scheme }: MemberUrl): boolean => scheme === "unix" || scheme === "unixs";

/** What to listen on for a URL. */
export const listenOptions = (url: MemberUrl): ListenOptions =>
  isLocalSocket(url) ? { path: url.host } : { host: url.host, port: url.port };

/**
 * Listens on all addresses at once, and lets go of them: one that cannot be had is told before anything is written to
 * disk. Sockets that a killed process left in the file system are removed.
 *
 * @throws an error of one line, which names the flag.
 */
export async function checkAddresses(config: ServerConfig): Promise<void> {
  const groups = [
    ["--listen-peer-urls", config.listenPeerUrls],
    ["--listen-client-urls", config.listenClientUrls],
    ["--listen-client-http-urls", config.listenClientHttpUrls],
    ["--listen-metrics-urls", config.listenMetricsUrls],
  ] as const;
  const probes: Server[] = [];
  try {
    for (const [flag, urls] of groups) {
      for (const url of urls) if (isLocalSocket(url) || url.port !== 0) probes.push(await listen(flag, url));
    }
  } finally {
    await Promise.all(probes.map((probe) => new Promise((resolve) => probe.close(resolve))));
  }
}

async function listen(flag: string, url: MemberUrl): Promise<Server> {
  if (isLocalSocket(url) && (await isAbandoned(url.host))) new NodeDisk().remove(url.host);
  return await new Promise<Server>((resolve, reject) => {
    const probe = createServer();
    probe.once("error", (error: NodeJS.ErrnoException) => {
      const host = url.host.includes(":") ? `[${url.host}]` : url.host;
      const address = isLocalSocket(url) ? `unix ${url.host}` : `tcp ${host}:${url.port}`;
      const why = error.code === "EADDRINUSE" ? "bind: address already in use" : error.message;
      reject(new Error(`${flag}: listen ${address}: ${why}`));
    });
    probe.listen({ ...listenOptions(url), exclusive: true }, () => resolve(probe));
  });
}

/** Tells whether there is a socket at `path` behind which nobody listens any more. */
function isAbandoned(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const caller = connect({ path });
    caller.once("connect", () => {
      caller.destroy();
      resolve(false);
    });
    // A file that is no socket refuses too; it is not ours to remove.
    caller.once("error", (error: NodeJS.ErrnoException) =>
      resolve(error.code === "ECONNREFUSED" && new NodeDisk().info(path)?.kind === "other"),
    );
  });
}
