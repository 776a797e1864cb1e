/**
 * Cuts a table of topics into registrations (Java 5.x: enableSplitRegistration, registerBrokerAll; pages 02 §2, 23 §4). A part adds
 * its topics and leaves those of the others. A NameServer looks into a part only when its data version is not the one it saw
 * last, so each part has one of its own; the last has the table's, which is what NameServers compare later.
 */
import { type DataVersion, entriesPerTurn, Pace, type Steps, type TopicConfig } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';

export interface RegistrationPart {
  readonly topics: readonly TopicConfig[];
  readonly dataVersion: DataVersion;
}

/** NameServers refuse a broker that begins with one topic: they take it for the announcement of a change (Java 5.x). */
const partTopicsMin = 2;
/** What one registration takes when nothing else is configured: below what a NameServer reads, ours (8 MiB) or Apache's (16 MiB). */
const partTopicsMax = 30_000;
const partBytesMax = 6 * 1024 * 1024;
/** JSON of a topic without names and attributes. */
const topicBytes = 170;

/** At least one part. The topics are those of the first step. */
export function* registrationParts(
  table: { readonly topics: ReadonlyMap<string, TopicConfig>; readonly dataVersion: DataVersion },
  config: Pick<BrokerConfig, 'enableSplitRegistration' | 'splitRegistrationSize'>,
): Steps<readonly RegistrationPart[]> {
  const { dataVersion } = table;
  const topics = [...table.topics.values()];
  const pace = new Pace(entriesPerTurn);
  const sizeMax = config.enableSplitRegistration ? Math.min(config.splitRegistrationSize, partTopicsMax) : partTopicsMax;
  const topicsMax = Math.max(sizeMax, partTopicsMin);
  const parts: TopicConfig[][] = [[]];
  let bytes = 0;
  for (const topic of topics) {
    const part = parts.at(-1) ?? [];
    const needed = bytesOf(topic);
    if (part.length >= partTopicsMin && (part.length >= topicsMax || bytes + needed > partBytesMax)) {
      parts.push([topic]);
      bytes = needed;
    } else {
      part.push(topic);
      bytes += needed;
    }
    if (pace.isSpent(1)) yield;
  }
  return parts.map((part, index) => ({ topics: part, dataVersion: versionOf(dataVersion, parts.length - 1 - index) }));
}

/** The name is there twice. */
function bytesOf({ topicName, attributes }: TopicConfig): number {
  let bytes = topicBytes + 2 * topicName.length;
  for (const [key, value] of Object.entries(attributes)) bytes += key.length + value.length + 6;
  return bytes;
}

/** Differs from that of the part before and, since the table's counter grows, from those of every other state of the table. */
function versionOf(version: DataVersion, partsToCome: number): DataVersion {
  return { ...version, timestamp: version.timestamp - partsToCome };
}
