import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { checkHistory, formatHistory, parseHistory } from "@quorate/sim";
import { afterAll, describe, expect, test } from "vitest";
import { realBinary, repositoryRoot, runProgram, Scope, ServerCluster, waitFor } from "../../support/index.ts";
import { RecordingClients } from "./record.ts";

const programs = ["quorate", ...["etcd-3.7"].filter((name) => realBinary(name) !== undefined)];

describe.each(programs)("what clients of %s record while its leader is killed", (program) => {
  const scope = new Scope();
  afterAll(() => scope.close());

  test("is linearizable", async () => {
    const cluster = await ServerCluster.start(scope, { program, members: 3 });
    const clients = new RecordingClients(cluster.endpoints, 9, 10);
    await waitFor("clients to be under way", () => clients.answered > 300);
    const victim = await cluster.leader();
    await victim.kill();
    const gone = clients.answered;
    await waitFor("requests to be answered without it", () => clients.answered > gone + 500);
    victim.start();
    await victim.ready();
    const back = clients.answered;
    await waitFor("requests beside the returned member", () => clients.answered > back + 500);
    const history = await clients.stop();
    await cluster.stop();

    const file = join(scope.dir("history"), `${program}.jsonl`);
    writeFileSync(file, [...formatHistory(history)].join(""));
    const judged = await runProgram("node", [join(repositoryRoot, "scripts/check-history.mjs"), file], {
      timeoutMs: 60_000,
    });
    const count = history.operations.length.toLocaleString("en-US");
    expect(judged.stdout.trimEnd().split("\n").at(-1)).toBe(`${file}: ${count} operations, linearizable`);
    expect(judged.code).toBe(0);

    // The same history with one answer changed must not pass.
    const place = history.operations.findLastIndex(({ request, result }) => {
      return request.kind === "put" && result.status === "ok";
    });
    const { history: copy } = parseHistory(formatHistory(history));
    const operations = copy.operations.map((one, i) => {
      return i === place && one.result.status === "ok" ? { ...one, result: { ...one.result, revision: 2 } } : one;
    });
    expect(checkHistory({ operations }).outcome).toBe("not-linearizable");
  }, 90_000);
});
