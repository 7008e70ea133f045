import { createServer, type Socket } from "node:net";
import { concatBytes, toMemberId } from "@quorate/base";
import { MessageType } from "@quorate/raft";
import { afterEach, describe, expect, test } from "vitest";
import { ChunkBuilder } from "./chunk-builder.ts";
import { messageEncoder } from "./message-codec.ts";
import type { TestMember } from "./testing/cluster.ts";
import { messageWith } from "./testing/messages.ts";
import { StartedMembers } from "./testing/started-members.ts";

const scope = new StartedMembers();
afterEach(() => scope.close());

const peer = toMemberId(0xb2n);
const head = "HTTP/1.1 200 OK\r\nX-Server-Version: 3.6.0\r\n";
const chunkedHead = `${head}Transfer-Encoding: chunked\r\n\r\n`;

/** A member that dials a peer which gives `answer` to each dial of the message stream, and to nothing else. */
async function dialedBy(answer: (socket: Socket, dial: number) => void): Promise<TestMember> {
  const member = await scope.start(0xa1n, { limits: { redialMs: 20 } });
  const sockets = new Set<Socket>();
  let dials = 0;
  const server = createServer((socket) => {
    sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("data", (request) => {
      if (request.toString("latin1").startsWith("GET /raft/stream/message/")) answer(socket, ++dials);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  scope.defer(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  const port = typeof address === "object" && address !== null ? address.port : 0;
  member.transport.addPeer(peer, [`http://127.0.0.1:${port}`]);
  return member;
}

/** A frame of the message stream in a chunk of its own. */
function chunk(term: number): Uint8Array {
  const builder = new ChunkBuilder();
  messageEncoder.message(messageWith({ type: MessageType.vote, from: peer, to: toMemberId(0xa1n), term }), builder);
  return concatBytes(builder.take());
}

const terms = (member: TestMember): number[] => member.host.received.map((message) => message.term);

describe("a stream's body", () => {
  test("counts also where it is not chunked", async () => {
    const member = await dialedBy((socket, dial) => {
      const frame = chunk(dial);
      socket.write(`${head}\r\n`);
      socket.write(frame.subarray(10, frame.length - 2));
    });
    await member.host.until(() => member.host.received.length === 1);
    expect(terms(member)).toEqual([1]);
  });

  test("of a refusal says what it is", async () => {
    const text = "cluster ID mismatch\n";
    const refusal = `HTTP/1.1 412 Precondition Failed\r\nX-Server-Version: 3.6.0\r\nContent-Length: ${text.length}\r\n\r\n`;
    const member = await dialedBy((socket, dial) => {
      if (dial === 1) socket.write(`${chunkedHead}0\r\n\r\n`);
      else socket.end(refusal + text);
    });
    const errors = (): unknown[] => member.logger.lines.map(({ fields }) => fields?.["error"]);
    await member.host.until(() => errors().includes("failed to dial b2 on stream Message: cluster ID mismatch"));
  });

  test.each([
    ["ends with its last chunk", "0\r\n\r\n"],
    ["does not follow the chunked coding", "nothing of use\r\n"],
    ["holds a frame that is none", "8\r\n\xff\xff\xff\xff\xff\xff\xff\xff\r\n"],
  ])("that %s is over, and the stream is dialed anew", async (_what, end) => {
    const member = await dialedBy((socket, dial) => {
      socket.write(chunkedHead);
      socket.write(chunk(dial));
      socket.write(end, "latin1");
      socket.write(chunk(100 + dial));
    });
    await member.host.until(() => member.host.received.length >= 3);
    expect(terms(member).slice(0, 3)).toEqual([1, 2, 3]);
  });

  test("that comes byte by byte, with a 1xx before it, is the same", async () => {
    const member = await dialedBy((socket) => {
      socket.setNoDelay(true);
      const early = Buffer.from("HTTP/1.1 103 Early Hints\r\n\r\n");
      const wire = concatBytes([early, Buffer.from(chunkedHead), chunk(7), chunk(8)]);
      let at = 0;
      const next = (): void => {
        if (at < wire.length) socket.write(wire.subarray(at, ++at), () => setImmediate(next));
      };
      next();
    });
    await member.host.until(() => member.host.received.length === 2);
    expect(terms(member)).toEqual([7, 8]);
  });
});
