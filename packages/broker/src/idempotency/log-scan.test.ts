import { blankMagic, encodeRecord, messageMagicV1, type RecordParts, recordSizeBytes } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { fileBefore, type ScannedLog, scanLog, storeTimestampAt } from './log-scan.js';

const fileSizeBytes = 4_194_304;
const host = Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]);

class FakeLog implements ScannedLog {
  readonly fileSizeBytes = fileSizeBytes;
  readonly reads: number[] = [];
  begin = 0;
  end = 0;
  bytes = Buffer.alloc(3 * fileSizeBytes);
  #records = 0;

  add(bodyBytes: number, storeTimestamp: number): number {
    const parts: RecordParts = {
      queueId: 0,
      flag: 0,
      sysFlag: 0,
      bornTimestamp: 0,
      bornHost: host,
      storeHost: host,
      reconsumeTimes: 0,
      preparedTransactionOffset: 0,
      body: Buffer.alloc(bodyBytes, 1),
      topicBytes: Buffer.from('T'),
      properties: Buffer.alloc(0),
    };
    const physicalOffset = this.end;
    encodeRecord(this.bytes, physicalOffset, parts, { queueOffset: this.#records, physicalOffset, storeTimestamp });
    this.#records += 1;
    this.end += recordSizeBytes(parts);
    return physicalOffset;
  }

  /** Ends the file as stores do. */
  roll(): void {
    const rest = fileSizeBytes - (this.end % fileSizeBytes);
    this.bytes.writeInt32BE(rest, this.end);
    this.bytes.writeInt32BE(blankMagic, this.end + 4);
    this.end += rest;
  }

  async readLog(physicalOffset: number, sizeBytes: number): Promise<Buffer> {
    const fileEnd = physicalOffset - (physicalOffset % fileSizeBytes) + fileSizeBytes;
    const bytes = this.bytes.subarray(physicalOffset, Math.min(physicalOffset + sizeBytes, fileEnd, this.end));
    this.reads.push(bytes.length);
    return bytes;
  }
}

async function found(log: FakeLog, from = 0) {
  const places: number[] = [];
  const result = await scanLog(log, from, (bytes, at) => places.push(Number(bytes.readBigInt64BE(at + 28))));
  return { places, ...result };
}

describe('scanLog', () => {
  it('finds every record: over the edges of blocks and files, larger than a block, at the end', async () => {
    const log = new FakeLog();
    const places = [log.add(100, 1), log.add(1_048_000, 2), log.add(300_000, 3), log.add(2_500_000, 4)];
    log.roll();
    places.push(log.add(10, 5), log.add(20, 6));
    const result = await found(log);
    expect(result).toMatchObject({ places, damagedAt: [], lastStoreTimestamp: 6 });
    expect(Math.max(...log.reads)).toBeLessThan(2_600_000);
    expect((await found(log, places[4])).places).toEqual(places.slice(4));
    expect((await found(log, log.end)).places).toEqual([]);
  });

  it('tells what it cannot read and goes on with the next file', async () => {
    const log = new FakeLog();
    const places = [log.add(10, 1)];
    const damaged = log.add(10, 2);
    log.add(10, 3);
    log.roll();
    places.push(log.add(10, 4));
    log.bytes.writeInt32BE(0, damaged + 4);
    expect(await found(log)).toMatchObject({ places, damagedAt: [damaged] });
    // A size that no record has, and one that is larger than the file has bytes.
    log.bytes.writeInt32BE(messageMagicV1, damaged + 4);
    for (const sizeBytes of [-1, 0, fileSizeBytes + 1]) {
      log.bytes.writeInt32BE(sizeBytes, damaged);
      expect(await found(log)).toMatchObject({ places, damagedAt: [damaged] });
    }
  });

  it('passes a record that contradicts itself and goes on behind it', async () => {
    const log = new FakeLog();
    const damaged = log.add(10, 1);
    const next = log.add(10, 2);
    log.bytes.writeInt32BE(-5, damaged + 84);
    expect(await found(log)).toMatchObject({ places: [next], damagedAt: [damaged] });
  });
});

describe('fileBefore', () => {
  it('is the newest file that begins before the time, or the oldest', async () => {
    const log = new FakeLog();
    for (const time of [100, 200, 300]) {
      log.add(10, time);
      if (time < 300) log.roll();
    }
    expect(await storeTimestampAt(log, fileSizeBytes)).toBe(200);
    expect(await fileBefore(log, 301)).toBe(2 * fileSizeBytes);
    expect(await fileBefore(log, 300)).toBe(fileSizeBytes);
    expect(await fileBefore(log, 150)).toBe(0);
    expect(await fileBefore(log, 50)).toBe(0);
    log.begin = fileSizeBytes;
    expect(await fileBefore(log, 50)).toBe(fileSizeBytes);
  });
});
