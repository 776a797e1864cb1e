import { ProtocolError } from '@orbitmq/core/kernel';

/**
 * What one registration may cost the NameServer, which reads it in one go. Twice the topics that Apache advises for a whole
 * cluster, with long names; a broker with more has to be split in two.
 */
export const registrationLimits = {
  /** Bytes of the JSON, or of what a compressed body inflates to. */
  bytesMax: 8 * 1024 * 1024,
  /** Bytes of a compressed body: real ones shrink at least fourfold. */
  compressedBytesMax: 2 * 1024 * 1024,
  topicsMax: 50_000,
  /** Values in the JSON: eight for a topic, and some for attributes. */
  valuesMax: 600_000,
  /** Members of one object in it. */
  membersMax: 100_000,
} as const;

export function checkTopicCount(count: number): void {
  const { topicsMax } = registrationLimits;
  if (count <= topicsMax) return;
  throw new ProtocolError('BODY_INVALID', `the registration has ${count} topics, allowed are ${topicsMax}`, {
    details: { count, topicsMax },
  });
}
