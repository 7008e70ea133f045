/**
 * Returns the decoded path of a request's target, without query: `/members?x=1` and `/m%65mbers` are `/members`, as is
 * `http://host:1/members`. Paths are not cleaned otherwise.
 *
 * @param target as `node:http` gives it, one character per byte.
 * @returns undefined when an escape is none.
 */
export function requestPath(target: string): string | undefined {
  const query = target.indexOf("?");
  const whole = query === -1 ? target : target.slice(0, query);
  const path = whole.replace(/^[a-z][a-z0-9+.-]*:\/\/[^/]*/i, "");
  if (!path.includes("%")) return Buffer.from(path, "latin1").toString("utf8");
  if (/%(?![0-9a-f]{2})/i.test(path)) return undefined;
  const decoded = path.replaceAll(/%(..)/g, (_escape, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return Buffer.from(decoded, "latin1").toString("utf8");
}
