/**
 * Reads a store directory without a broker: every record of the log and every entry of the queues. A few dozen lines that
 * share nothing with the store but the record's layout, to say whether what a broker left behind is consistent.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { blankMagic, decodeRecord, type MessageExt, SysFlag, transactionType } from '@orbitmq/protocol';
import { expect } from 'vitest';

const entryBytes = 20;
const blankEntrySize = 0x7fffffff;

function filesIn(directory: string): readonly string[] {
  if (!existsSync(directory)) return [];
  return readdirSync(directory)
    .filter((name) => /^\d{20}$/.test(name))
    .sort();
}

/** The records of the log in order, and where it ends. */
export function readLog(store: string): {
  readonly records: readonly MessageExt[];
  readonly end: number;
  readonly blanks: number;
} {
  const records: MessageExt[] = [];
  let blanks = 0;
  let end = 0;
  for (const name of filesIn(join(store, 'commitlog'))) {
    const start = Number(name);
    const bytes = readFileSync(join(store, 'commitlog', name));
    let at = 0;
    while (at < bytes.length && bytes.readInt32BE(at) !== 0 && bytes.readInt32BE(at + 4) !== blankMagic) {
      const record = decodeRecord(bytes, at);
      records.push({ ...record, body: Buffer.from(record.body), propertiesBytes: Buffer.from(record.propertiesBytes) });
      at += record.storeSizeBytes;
      end = start + at;
    }
    if (at + 8 > bytes.length || bytes.readInt32BE(at + 4) !== blankMagic) break;
    blanks += 1;
  }
  return { records, end, blanks };
}

interface QueueFileEntry {
  readonly queueOffset: number;
  readonly physicalOffset: number;
  readonly sizeBytes: number;
}

function readQueue(directory: string): readonly QueueFileEntry[] {
  const entries: QueueFileEntry[] = [];
  for (const name of filesIn(directory)) {
    const bytes = readFileSync(join(directory, name));
    for (let at = 0; at + entryBytes <= bytes.length; at += entryBytes) {
      const sizeBytes = bytes.readInt32BE(at + 8);
      if (sizeBytes === 0 || sizeBytes === blankEntrySize) continue;
      const queueOffset = (Number(name) + at) / entryBytes;
      entries.push({ queueOffset, physicalOffset: Number(bytes.readBigInt64BE(at)), sizeBytes });
    }
  }
  return entries;
}

/** After a clean stop: each record is where it says, and the queues name exactly the records of the log. */
export function expectConsistentFiles(store: string): void {
  const { records } = readLog(store);
  const expected = new Map<string, QueueFileEntry[]>();
  let end = records[0]?.physicalOffset ?? 0;
  const first = end;
  for (const record of records) {
    // Behind the end of a file the next record stands in the next one.
    expect(record.physicalOffset, 'a record stands where it says').toBeGreaterThanOrEqual(end);
    end = record.physicalOffset + record.storeSizeBytes;
    const type = transactionType(record.sysFlag);
    if (type !== SysFlag.TRANSACTION_NOT && type !== SysFlag.TRANSACTION_COMMIT) continue;
    const name = `${record.topic}/${record.queueId}`;
    const { queueOffset, physicalOffset, storeSizeBytes: sizeBytes } = record;
    const entries = expected.get(name) ?? [];
    entries.push({ queueOffset, physicalOffset, sizeBytes });
    expected.set(name, entries);
  }
  for (const [name, entries] of expected) {
    const inLog = readQueue(join(store, 'consumequeue', name)).filter((entry) => entry.physicalOffset >= first);
    expect(inLog, `entries of ${name}`).toEqual(entries);
  }
}
