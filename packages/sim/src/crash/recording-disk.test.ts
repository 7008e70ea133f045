import { describeDisk } from "@quorate/base/conformance";
import { DiskImage } from "./disk-image.ts";
import { RecordingDisk } from "./recording-disk.ts";

describeDisk("RecordingDisk", () => {
  const disk = new RecordingDisk(DiskImage.empty());
  disk.makeDirectory("/data/d", 0o700);
  return { disk, directory: "/data/d", remove: () => undefined };
});
