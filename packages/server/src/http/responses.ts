import type { HttpCall } from "./http-call.ts";

const plain = { "Content-Type": "text/plain; charset=utf-8" };

/** Answers with text as Go's `http.Error` does: a newline behind, and no sniffing. */
export function sendError(
  call: HttpCall,
  status: number,
  text: string,
  headers: Readonly<Record<string, string>> = {},
): void {
  call.answer(status, `${text}\n`, { ...plain, "X-Content-Type-Options": "nosniff", ...headers });
}

export function sendText(call: HttpCall, status: number, body: string): void {
  call.answer(status, body, plain);
}

export function sendJson(call: HttpCall, status: number, body: string): void {
  call.answer(status, body, { "Content-Type": "application/json" });
}

/** Refuses every method but the allowed ones; returns whether the request may go on. */
export function allowMethods(call: HttpCall, ...methods: readonly string[]): boolean {
  if (methods.includes(call.method)) return true;
  sendError(call, 405, "Method Not Allowed", { Allow: methods.join(", ") });
  return false;
}
