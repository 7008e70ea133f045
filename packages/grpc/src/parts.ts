/** Messages may be given in parts that follow one another, so that large values need not be copied together. */

/** Returns how many bytes the parts have together. */
export function totalBytes(parts: readonly Uint8Array[]): number {
  let length = 0;
  for (let i = 0; i < parts.length; i++) length += (parts[i] as Uint8Array).length;
  return length;
}
