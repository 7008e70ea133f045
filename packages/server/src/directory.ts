import type { Clock, Logger } from "@quorate/base";
import type { ClusterDirectory, PromoteAnswer, RemoteCluster, RemoteVersions } from "@quorate/member";
import { fetchMembers, fetchVersions, type PeerTls, postPromote, type QueryOptions, sameUrls } from "@quorate/peer";

/** For how long a host name that cannot be resolved is tried again. */
const resolveMs = 5000;

/** Asks other members over their peer URLs. */
export function createDirectory(clock: Clock, logger: Logger, tls: PeerTls | undefined): ClusterDirectory {
  const options = (timeoutMs: number): QueryOptions =>
    tls === undefined ? { timeoutMs, logger } : { timeoutMs, logger, tls };
  return {
    members: async (urls, timeoutMs): Promise<RemoteCluster> => await fetchMembers(urls, options(timeoutMs)),
    versions: async (urls, timeoutMs): Promise<RemoteVersions | undefined> =>
      await fetchVersions(urls, options(timeoutMs)),
    sameUrls: async (a, b) => await sameUrls(a, b, { clock, timeoutMs: resolveMs }),
    promote: async (urls, id, timeoutMs): Promise<PromoteAnswer> => {
      const answer = await postPromote(urls, id, options(timeoutMs));
      if (answer === undefined) throw new Error(`no answer from ${urls.join(",")}`);
      return answer;
    },
  };
}
