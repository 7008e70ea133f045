import type { IncomingMessage, ServerResponse } from "node:http";
import { describe, expect, test } from "vitest";
import type { MemberUrl } from "../flags/index.ts";
import { listenHttp, metricsOnly } from "./extra-listener.ts";

const url = (scheme: MemberUrl["scheme"]): MemberUrl => ({ scheme, host: "127.0.0.1", port: 0, text: `${scheme}://x` });

describe("a listener for metrics", () => {
  test("answers the paths of metrics and health, and no others", async () => {
    const asked: string[] = [];
    const server = await listenHttp(
      url("http"),
      undefined,
      metricsOnly((req: IncomingMessage, res: ServerResponse) => {
        asked.push(req.url ?? "");
        res.end("ok");
      }),
    );
    const address = server.address();
    const port = typeof address === "object" && address !== null ? address.port : 0;
    const status = async (path: string): Promise<number> => (await fetch(`http://127.0.0.1:${port}${path}`)).status;
    const served = ["/metrics", "/health?serializable=true", "/livez", "/readyz/linearizable_read", "/readyz?verbose"];
    for (const path of served) expect([path, await status(path)]).toEqual([path, 200]);
    for (const path of ["/version", "/v2/members", "/v3/kv/range", "/metrics2", "/livez/a/b", "/"]) {
      expect([path, await status(path)]).toEqual([path, 404]);
    }
    expect(asked).toEqual(served);
    server.close();
    server.closeAllConnections();
  });

  test("never serves in plain text what was to be https", async () => {
    await expect(listenHttp(url("https"), undefined, () => undefined)).rejects.toThrow(/no certificate/);
  });
});
