import { hexId } from "@quorate/base";
import type { Member } from "@quorate/member";
import type { ZapLogger } from "./logger.ts";

const short = (version: string): string => version.replace(/\.0$/, "");

/** Tells of the cluster version in etcd's words, now and at each change: tools wait for them. */
export function logClusterVersion(member: Member, logger: ZapLogger): void {
  const facts = { "cluster-id": hexId(member.clusterId), "local-member-id": hexId(member.id) };
  const enabled = (version: string): void => {
    logger.log("info", "enabled capabilities for version", { "cluster-version": short(version) });
  };
  let known = member.machine.membership.clusterVersion;
  if (known !== "") enabled(known);
  member.storage.events.onClusterVersion = (version) => {
    if (known === "") {
      logger.log("info", "set initial cluster version", { ...facts, "cluster-version": short(version) });
    } else {
      logger.log("info", "updated cluster version", { ...facts, from: short(known), to: short(version) });
    }
    known = version;
    enabled(version);
  };
}
