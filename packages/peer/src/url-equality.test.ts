import type { Clock } from "@quorate/base";
import { expect, test } from "vitest";
import { sameUrls } from "./url-equality.ts";
import { parseTarget, UrlPicker } from "./urls.ts";

/** A clock that jumps to each timer as soon as it is started. */
function jumpingClock(): Clock & { slept: number } {
  const clock = {
    slept: 0,
    nowMs: () => clock.slept,
    wallMs: () => clock.slept,
    startTimer: (delayMs: number, fire: () => void) => {
      clock.slept += delayMs;
      queueMicrotask(fire);
      return { cancel: () => undefined };
    },
    nextTurn: (run: () => void) => queueMicrotask(run),
  };
  return clock;
}

const addresses: Record<string, string> = { a: "10.0.0.1", "a.example": "10.0.0.1", six: "fd00::1" };
const resolve = (host: string): Promise<string> =>
  addresses[host] === undefined ? Promise.reject(new Error("no such host")) : Promise.resolve(addresses[host]);

test.each([
  [
    ["http://a:1", "http://b:2"],
    ["http://b:2", "http://a:1"],
  ],
  [["http://a:1"], ["http://a.example:1"]],
  [
    ["http://10.0.0.1:1", "http://[fd00:0::1]:5"],
    ["http://six:5", "http://a:1"],
  ],
  [["http://localhost:1"], ["http://localhost:1"]],
  [["unix://some.sock"], ["unix://some.sock"]],
  [[], []],
])("%s is the same as %s", async (a, b) => {
  expect(await sameUrls(a, b, { clock: jumpingClock(), resolve })).toEqual({ same: true });
});

test.each([
  [["http://a:1"], ["http://a:1", "http://b:2"], 'len(["http://a:1"]) != len(["http://a:1" "http://b:2"])'],
  [["http://a:1"], ["http://a:2"], 'resolved urls: "http://10.0.0.1:1" != "http://10.0.0.1:2"'],
  [["http://a:1"], ["https://a:1"], 'resolved urls: "http://10.0.0.1:1" != "https://10.0.0.1:1"'],
  [["http://localhost:1"], ["http://127.0.0.1:1"], 'resolved urls: "http://localhost:1" != "http://127.0.0.1:1"'],
  [["unix://one"], ["unix://two"], 'resolved urls: "unix://one" != "unix://two"'],
])("%s is not the same as %s", async (a, b, reason) => {
  expect(await sameUrls(a, b, { clock: jumpingClock(), resolve })).toEqual({ same: false, reason });
});

test("a name that does not resolve is asked for each second until the deadline", async () => {
  const clock = jumpingClock();
  let asked = 0;
  const failing = (host: string): Promise<string> => {
    asked++;
    return resolve(host);
  };
  const outcome = await sameUrls(["http://nowhere:1"], ["http://10.0.0.1:1"], {
    clock,
    timeoutMs: 5_000,
    resolve: failing,
  });
  expect(outcome).toEqual({ same: false, reason: "failed to resolve nowhere: no such host" });
  expect([asked, clock.slept]).toEqual([6, 5_000]);
});

test("URLs are taken apart with default ports, IPv6 and unix sockets", () => {
  expect(parseTarget("http://[::1]:2380")).toEqual({
    secure: false,
    authority: "[::1]:2380",
    hostname: "::1",
    port: 2380,
    socketPath: undefined,
  });
  expect(parseTarget("https://h")).toMatchObject({ secure: true, hostname: "h", port: 443 });
  expect(parseTarget("unixs://localhost:7")).toMatchObject({ secure: true, socketPath: "localhost:7" });
  expect(parseTarget("ftp://h")).toBeUndefined();
  expect(parseTarget("nothing")).toBeUndefined();
});

test("a URL is left when it fails, once for all who use it", () => {
  const urls = new UrlPicker(["a", "b"]);
  urls.unreachable("a");
  urls.unreachable("a");
  expect(urls.pick()).toBe("b");
  urls.unreachable("b");
  expect(urls.pick()).toBe("a");
  urls.update(["c"]);
  expect(urls.pick()).toBe("c");
  expect(new UrlPicker([]).pick()).toBeUndefined();
});
