/** Where a member answers its clients. */
export interface Endpoint {
  /** As it was given; what messages show. */
  readonly text: string;
  readonly tls: boolean;
  /** For unix sockets the path, and port 0. */
  readonly host: string;
  readonly port: number;
  readonly unix: boolean;
}

/** An endpoint that cannot be understood. */
export class EndpointError extends Error {
  override readonly name = "EndpointError";
}

const defaultPort = 2379;

/**
 * Parses `host:port`, `http://host:port`, `https://host:port`, `unix:path` or `unixs:path`.
 *
 * @param tlsByDefault whether an endpoint without scheme uses TLS.
 */
export function parseEndpoint(text: string, tlsByDefault = false): Endpoint {
  const given = text.trim();
  const unix = /^(unixs?):(?:\/\/)?(.+)$/.exec(given);
  if (unix !== null) return { text: given, tls: unix[1] === "unixs", host: unix[2] as string, port: 0, unix: true };
  const match = /^(?:(https?):\/\/)?([^/?#]*)\/?$/i.exec(given);
  if (match === null || match[2] === "") throw new EndpointError(`endpoint ${JSON.stringify(text)} is not host:port`);
  const scheme = match[1]?.toLowerCase();
  const authority = match[2] as string;
  const parts = /^(?:\[([^\]]+)\]|([^:]*))(?::(\d{1,5}))?$/.exec(authority);
  const port = parts?.[3] === undefined ? defaultPort : Number(parts[3]);
  const host = parts?.[1] ?? parts?.[2] ?? "";
  if (parts === null || host === "" || port > 65535) {
    throw new EndpointError(`endpoint ${JSON.stringify(text)} is not host:port`);
  }
  return { text: given, tls: scheme === undefined ? tlsByDefault : scheme === "https", host, port, unix: false };
}
