/**
 * Whether a power cut or a kill left a hole in a record where nothing else shows it: its properties have no checksum. A device
 * writes whole sectors and recovery zeroes what is behind the log, so a hole is a sector in which all of the record is zeros;
 * a kill in the middle of a write leaves the record's beginning, then zeros to its end. A zero among text is neither: clients may
 * have put one into a property, and Apache's brokers store it. A hole can be short only where the record ends, and no properties
 * end in a zero; at the beginning of the properties the sector has their length too, which is not zero.
 */
const sectorBytes = 512;

/** `position`: where `bytes[start]` stands in its file. `propertiesStart` and `end` are places in `bytes`. */
export function hasUnwrittenSector(
  bytes: Buffer,
  start: number,
  propertiesStart: number,
  end: number,
  position: number,
): boolean {
  if (propertiesStart === end) return false;
  if (bytes[end - 1] === 0) return true;
  const shift = position - start;
  for (let at = propertiesStart; at < end; ) {
    const zeroAt = bytes.indexOf(0, at);
    if (zeroAt < 0 || zeroAt >= end) return false;
    const sectorStart = zeroAt - ((zeroAt + shift) % sectorBytes);
    const sectorEnd = Math.min(end, sectorStart + sectorBytes);
    if (isZero(bytes, Math.max(start, sectorStart), sectorEnd)) return true;
    at = sectorEnd;
  }
  return false;
}

function isZero(bytes: Buffer, start: number, end: number): boolean {
  for (let at = start; at < end; at += 1) if (bytes[at] !== 0) return false;
  return true;
}
