/**
 * Makes a damaged log readable from its first to its last record without moving one: each damaged stretch becomes records to
 * skip, or a blank to the end of its file. All of it is durable when it resolves; a crash in between leaves the damage, which the
 * next repair finds and bridges in the same way, since the checksum that tells of it goes last.
 */
import { blankMagic } from '@orbitmq/protocol';
import type { ChecksumTable } from '../../integrity/checksum-table.js';
import type { File, FileSystem } from '../../io/file-system.js';
import { datasyncFile, writeFile } from '../../io/io-promise.js';
import { forgetWholeBlocks } from './forget-checksums.js';
import type { LogInventory } from './log-inventory.js';
import type { DamagedStretch } from './log-survey.js';
import { skipRecords } from './skip-record.js';

export interface BridgeLogOptions {
  readonly fileSystem: FileSystem;
  readonly inventory: LogInventory;
  readonly checksums: ChecksumTable;
  readonly maxMessageSize: number;
}

export async function bridgeLog(options: BridgeLogOptions, stretches: readonly DamagedStretch[]): Promise<void> {
  const { checksums, fileSystem, inventory } = options;
  const { misfits, missing, segments } = inventory;
  const starts = new Set([...missing, ...misfits.keys(), ...stretches.map(({ from }) => segments.startOf(from))]);
  for (const start of [...starts].sort((left, right) => left - right)) {
    const own = stretches.filter(({ from }) => segments.startOf(from) === start);
    await forgetWholeBlocks(fileSystem, checksums.pathOf(start), start, own);
    const file = await fileSystem.open(segments.pathOf(start), { create: true });
    try {
      await file.truncate(segments.sizeBytes);
      for (const stretch of own) await bridge(options, file, start, stretch);
      await datasyncFile(file);
    } finally {
      await file.close();
    }
    await fileSystem.syncDirectory(segments.directory);
    // Those that are left are of what was replaced.
    await fileSystem.remove(checksums.pathOf(start));
    await fileSystem.syncDirectory(checksums.directory);
  }
}

async function bridge(options: BridgeLogOptions, file: File, fileStart: number, stretch: DamagedStretch): Promise<void> {
  const { from, storeTimestamp, to } = stretch;
  if (stretch.bridge !== 'skip') {
    const blank = Buffer.alloc(8);
    blank.writeInt32BE(to - from, 0);
    blank.writeInt32BE(blankMagic, 4);
    await writeFile(file, [blank], from - fileStart);
    return;
  }
  for (const { bytes, physicalOffset } of skipRecords(from, to, storeTimestamp, options.maxMessageSize)) {
    await writeFile(file, [bytes], physicalOffset - fileStart);
  }
}
