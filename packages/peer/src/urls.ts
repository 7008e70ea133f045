/** The URLs of one peer, of which one is in use at a time by everything that talks to it. */
export class UrlPicker {
  #urls: readonly string[];
  #picked = 0;

  constructor(urls: readonly string[]) {
    this.#urls = urls;
  }

  /** Replaces all URLs and starts with the first. */
  update(urls: readonly string[]): void {
    this.#urls = urls;
    this.#picked = 0;
  }

  /** The URL in use; undefined when the peer has none. */
  pick(): string | undefined {
    return this.#urls[this.#picked];
  }

  get count(): number {
    return this.#urls.length;
  }

  /** Goes on to the next URL, unless another user already left `failed`. */
  unreachable(failed: string): void {
    if (this.#urls.length === 0) return;
    if (this.#urls[this.#picked] === failed) this.#picked = (this.#picked + 1) % this.#urls.length;
  }
}

/** Where to connect to for a URL, in the terms of `node:http`. */
export interface UrlTarget {
  readonly secure: boolean;
  /** As it stands in the URL, for the `Host` header. */
  readonly authority: string;
  /** Without brackets; empty for a unix socket. */
  readonly hostname: string;
  readonly port: number;
  readonly socketPath: string | undefined;
}

const unixScheme = /^(unixs?):\/\/([^?#]+)$/;

/**
 * Takes a peer or client URL apart: `http`, `https`, `unix` or `unixs`.
 *
 * @returns undefined when it is none of them.
 */
export function parseTarget(url: string): UrlTarget | undefined {
  const unix = unixScheme.exec(url);
  if (unix !== null) {
    const socketPath = unix[2] as string;
    return { secure: unix[1] === "unixs", authority: "localhost", hostname: "", port: 0, socketPath };
  }
  if (!URL.canParse(url)) return undefined;
  const parsed = new URL(url);
  if (parsed.protocol !== "http:" && parsed.protocol !== "https:") return undefined;
  const secure = parsed.protocol === "https:";
  const hostname = parsed.hostname.replace(/^\[(.*)\]$/, "$1");
  const port = parsed.port === "" ? (secure ? 443 : 80) : Number(parsed.port);
  return { secure, authority: parsed.host, hostname, port, socketPath: undefined };
}
