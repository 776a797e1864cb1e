/**
 * What a filter costs the broker per message: by tag hash, and by SQL92 expressions over the properties of the record, with
 * properties as official producers send them. Prints CPU nanoseconds per message (best of several rounds). Run:
 * `node --import tsx --conditions=@orbitmq/source bench/filters.ts`.
 */
import { compileSqlFilter } from '@orbitmq/broker';
import { buildSubscription, decodeProperties, decodeRecord, encodeRecord, recordSizeBytes } from '@orbitmq/protocol';
import { tagPredicate } from '../packages/broker/src/filter/tag-predicate.js';
import { sampleRecord } from './support/sample-record.js';

const rounds = 7;
const messageCount = 20_000;

function recordOf(index: number): Buffer {
  const parts = sampleRecord({
    region: ['eu', 'us', 'cn'][index % 3] ?? '',
    amount: String(index % 1000),
    MSG_REGION: 'DefaultRegion',
    UNIQ_KEY: 'C0000202200C5FFD2B2766DC81680000',
    CLUSTER: 'DefaultCluster',
    WAIT: 'true',
    TAGS: 'TagA',
    TRACE_ON: 'true',
  });
  const record = Buffer.allocUnsafe(recordSizeBytes(parts));
  encodeRecord(record, 0, parts, { queueOffset: index, physicalOffset: 0, storeTimestamp: 1 });
  return record;
}

const records = Array.from({ length: messageCount }, (_, index) => recordOf(index));

function measure(name: string, matches: (record: Buffer) => boolean): void {
  let best = Number.POSITIVE_INFINITY;
  let passed = 0;
  for (let round = 0; round < rounds; round += 1) {
    const before = process.cpuUsage();
    passed = 0;
    for (const record of records) if (matches(record)) passed += 1;
    const { user, system } = process.cpuUsage(before);
    best = Math.min(best, ((user + system) * 1000) / messageCount);
  }
  process.stdout.write(`${best.toFixed(0).padStart(7)} ns  ${String(passed).padStart(6)} of ${messageCount}  ${name}\n`);
}

const byTag = tagPredicate(buildSubscription('TopicT', 'TagA || TagB', 1));
measure('tag hash', () => byTag?.(2_598_919) === true);
measure(
  'all properties decoded, then looked at',
  (record) => decodeProperties(decodeRecord(record).propertiesBytes)['region'] === 'eu',
);
const list = Array.from({ length: 100 }, (_, index) => `'r${index}'`).join(', ');
for (const expression of [
  "region = 'eu'",
  'amount > 500',
  "region = 'eu' AND amount BETWEEN 100 AND 200",
  "(region = 'eu' AND amount > 500) OR (region = 'us' AND amount <= 100) OR vip = TRUE",
  "region IN ('eu', 'cn')",
  `region IN (${list})`,
  "region CONTAINS 'u' AND UNIQ_KEY STARTSWITH 'C000'",
  'amount > 500.5',
]) {
  const { filter } = compileSqlFilter(expression);
  if (filter === undefined) throw new Error(`does not compile: ${expression}`);
  measure(expression.slice(0, 90), (record) => filter.matches(record));
}
