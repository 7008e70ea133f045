/** Where a request goes. */
export interface RequestPath {
  /** The path, decoded. */
  readonly path: string;
  /** The same with `%2F` for slashes that were escaped: those part nothing when a route is looked for. */
  readonly route: string;
}

/**
 * Takes the path out of a request's target: `/members?x=1` and `/m%65mbers` are `/members`, as is
 * `http://host:1/members`. Paths are not cleaned otherwise.
 *
 * @param target as `node:http` gives it, one character per byte.
 * @returns undefined when an escape is none.
 */
export function requestPath(target: string): RequestPath | undefined {
  const query = target.indexOf("?");
  const whole = query === -1 ? target : target.slice(0, query);
  const raw = whole.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
  if (!raw.includes("%")) return { path: raw, route: raw };
  if (/%(?![0-9a-f]{2})/i.test(raw)) return undefined;
  return { path: decoded(raw), route: decoded(raw.replaceAll(/%2f/gi, "%252F")) };
}

function decoded(path: string): string {
  const bytes = path.replaceAll(/%(..)/g, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(bytes, "latin1").toString("utf8");
}
