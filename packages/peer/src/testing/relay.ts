import { connect, createServer, type Server, type Socket } from "node:net";
import type { StartedMembers } from "./started-members.ts";

export interface Relay {
  readonly port: number;
  cut(): void;
  /** Cuts them and listens no longer. */
  close(): void;
  freeze(): void;
  thaw(): void;
}

/** Passes connections on to `port` until it is told to cut them, or to pass nothing on; closed with `scope`. */
export async function relayTo(port: number, scope: StartedMembers): Promise<Relay> {
  const pairs = new Set<Socket>();
  let frozen = false;
  const server: Server = createServer((inner) => {
    const outer = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [inner, outer],
      [outer, inner],
    ] as const) {
      pairs.add(from);
      from.on("data", (chunk) => frozen || to.write(chunk));
      from.on("error", () => undefined);
      from.on("close", () => {
        pairs.delete(from);
        to.destroy();
      });
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of pairs) socket.resetAndDestroy();
  };
  const close = (): void => {
    cut();
    server.close();
  };
  scope.defer(close);
  const address = server.address();
  return {
    port: typeof address === "object" && address !== null ? address.port : 0,
    cut,
    close,
    freeze: () => {
      frozen = true;
    },
    thaw: () => {
      frozen = false;
    },
  };
}
