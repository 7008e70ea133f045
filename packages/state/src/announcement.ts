import { membershippb } from "@quorate/api";
import { type MemberId, parseHexId, toMemberId } from "@quorate/base";
import { decodeV2Request, type RaftRequest, RequestKind } from "./request.ts";

/** What a request tells about a member or about the cluster as a whole. */
export type Announcement =
  | {
      readonly kind: "attributes";
      readonly id: MemberId;
      readonly name: string;
      readonly clientUrls: readonly string[];
    }
  | { readonly kind: "clusterVersion"; readonly text: string };

/**
 * Reads an announcement, in the form of its own of clusters from 3.6 on, or as the request of the v2 store that older
 * ones use.
 *
 * @returns undefined for any other request; what else is written to the v2 key space does not exist here.
 */
export function announcementOf(request: RaftRequest): Announcement | undefined {
  switch (request.kind) {
    case RequestKind.clusterVersionSet:
      return { kind: "clusterVersion", text: membershippb.decodeClusterVersionSetRequest(request.body).ver };
    case RequestKind.clusterMemberAttrSet: {
      const { memberId, memberAttributes } = membershippb.decodeClusterMemberAttrSetRequest(request.body);
      const { name = "", clientUrls = [] } = memberAttributes ?? {};
      return { kind: "attributes", id: memberId, name, clientUrls };
    }
    case RequestKind.v2:
      return fromV2(request);
    default:
      return undefined;
  }
}

function fromV2(request: RaftRequest): Announcement | undefined {
  const { method, path, val } = decodeV2Request(request);
  if (method !== "PUT") return undefined;
  if (path === "/0/version") return { kind: "clusterVersion", text: val };
  const digits = /^\/0\/members\/([0-9a-f]{1,16})\/attributes$/.exec(path)?.[1];
  const id = digits === undefined ? undefined : parseHexId(digits);
  if (id === undefined) return undefined;
  const { name, clientURLs: urls } = JSON.parse(val) as { name?: unknown; clientURLs?: unknown };
  return {
    kind: "attributes",
    id: toMemberId(id),
    name: typeof name === "string" ? name : "",
    clientUrls: Array.isArray(urls) ? urls.filter((url): url is string => typeof url === "string") : [],
  };
}
