import type { IncomingMessage, ServerResponse } from "node:http";

/** Answers with a body and the headers that belong to it. */
export function send(
  res: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  res.writeHead(status, { "Content-Length": String(Buffer.byteLength(body)), ...headers });
  res.end(res.req.method === "HEAD" ? undefined : body);
}

const plain = { "Content-Type": "text/plain; charset=utf-8" };

/** Answers with text as Go's `http.Error` does: a newline behind, and no sniffing. */
export function sendError(
  res: ServerResponse,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(res, status, `${text}\n`, { ...plain, "X-Content-Type-Options": "nosniff", ...headers });
}

export function sendText(res: ServerResponse, status: number, body: string): void {
  send(res, status, body, plain);
}

export function sendJson(
  res: ServerResponse,
  status: number,
  body: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  send(res, status, body, { "Content-Type": "application/json", ...headers });
}

/** Refuses every method but the allowed ones; returns whether the request may go on. */
export function allowMethods(req: IncomingMessage, res: ServerResponse, ...methods: readonly string[]): boolean {
  if (methods.includes(req.method ?? "")) return true;
  sendError(res, 405, "Method Not Allowed", { Allow: methods.join(", ") });
  return false;
}

/** Reads a request's body, up to `bytesMax` bytes; undefined when it is longer or the caller went away. */
export function readBody(req: IncomingMessage, bytesMax: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let size = 0;
    req.on("data", (chunk: Buffer) => {
      size += chunk.length;
      if (size > bytesMax) {
        resolve(undefined);
        req.destroy();
        return;
      }
      chunks.push(chunk);
    });
    req.on("end", () => resolve(Buffer.concat(chunks).toString("utf8")));
    req.on("error", () => resolve(undefined));
    req.on("close", () => resolve(undefined));
  });
}
