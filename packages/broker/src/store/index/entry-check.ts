/**
 * Goes through the entries of an index file as it is on disk and makes its slots again from them. An entry counts only when
 * it continues its chain, names a place of the log behind the entry before it, and lies below the log's end; the first that
 * does not ends the file. So neither the header's count nor the slots on disk are believed, and a torn or damaged stretch is
 * found wherever it is; what looks right and is not, as far as checksums were noted.
 */
import { readInt64 } from '@orbitmq/protocol';
import type { FilePool } from '../segment/file-pool.js';
import { EntryChecksums, entriesPerBlock, firstDamagedEntry, type IndexChecksums } from './index-checksums.js';
import type { IndexHeader } from './index-header.js';
import { IndexEntryAt, type IndexLayout, indexEntryBytes } from './index-layout.js';
import { SlotTable } from './slot-table.js';

/** Entries read and checked in one turn. */
const blockEntries = 40 * entriesPerBlock;
const slotBlockBytes = 262_144;

export interface CheckedEntries {
  readonly slots: SlotTable;
  /** Of the good entries. */
  readonly checksums: EntryChecksums;
  /** Number behind the last good entry. */
  readonly indexCount: number;
  readonly usedSlotCount: number;
  readonly firstPhysicalOffset: number;
  readonly lastPhysicalOffset: number;
  readonly lastSeconds: number;
}

interface CheckState {
  readonly slots: SlotTable;
  readonly checksums: EntryChecksums;
  readonly logEnd: number;
  readonly header: IndexHeader;
  usedSlotCount: number;
  firstPhysicalOffset: number;
  lastPhysicalOffset: number;
  lastSeconds: number;
}

export async function checkEntries(
  pool: FilePool,
  path: string,
  layout: IndexLayout,
  header: IndexHeader,
  logEnd: number,
  noted: IndexChecksums | undefined,
): Promise<CheckedEntries> {
  const state: CheckState = {
    slots: new SlotTable(layout.slotCount),
    checksums: new EntryChecksums(),
    logEnd,
    header,
    usedSlotCount: 0,
    firstPhysicalOffset: 0,
    lastPhysicalOffset: 0,
    lastSeconds: 0,
  };
  const buffer = Buffer.allocUnsafeSlow(Math.min(blockEntries, header.indexCount) * indexEntryBytes);
  // Entry 0 is never used; with it the blocks are those of the checksums.
  for (let first = 0; first < header.indexCount; first += blockEntries) {
    const target = buffer.subarray(0, Math.min(blockEntries, header.indexCount - first) * indexEntryBytes);
    const readBytes = await pool.use(path, (file) => file.read(target, layout.entryAt(first)));
    const bytes = target.subarray(0, readBytes - (readBytes % indexEntryBytes));
    const damaged = noted === undefined ? undefined : firstDamagedEntry(noted, bytes, first);
    const verifiedBytes = damaged === undefined ? bytes.length : (damaged - first) * indexEntryBytes;
    const from = first === 0 ? 1 : 0;
    const end = checkBlock(state, bytes.subarray(0, verifiedBytes), first, from);
    state.checksums.add(bytes.subarray(from * indexEntryBytes, end * indexEntryBytes));
    if (end * indexEntryBytes < target.length) break;
  }
  return { ...state, indexCount: state.checksums.indexCount };
}

/** Where in the block, from entry `from` of it on, the good entries end. */
function checkBlock(state: CheckState, bytes: Buffer, firstNumber: number, from: number): number {
  const { slots, header, logEnd } = state;
  const count = bytes.length / indexEntryBytes;
  for (let index = from; index < count; index += 1) {
    const at = index * indexEntryBytes;
    const keyHash = bytes.readInt32BE(at + IndexEntryAt.KEY_HASH);
    const physicalOffset = readInt64(bytes, at + IndexEntryAt.PHYSICAL_OFFSET);
    const seconds = bytes.readInt32BE(at + IndexEntryAt.SECONDS);
    const previous = bytes.readInt32BE(at + IndexEntryAt.PREVIOUS);
    if (keyHash < 0 || seconds < 0 || physicalOffset < state.lastPhysicalOffset) return index;
    if (physicalOffset >= logEnd || physicalOffset > header.endPhysicalOffset) return index;
    const slot = keyHash % slots.slotCount;
    if (slots.get(slot) !== previous) return index;
    if (previous === 0) state.usedSlotCount += 1;
    slots.set(slot, firstNumber + index);
    if (firstNumber + index === 1) state.firstPhysicalOffset = physicalOffset;
    state.lastPhysicalOffset = physicalOffset;
    state.lastSeconds = seconds;
  }
  return Math.max(from, count);
}

/** Compares the slots on disk with the right ones and keeps in mind which pages have to be written; returns their count. */
export async function checkSlots(pool: FilePool, path: string, layout: IndexLayout, slots: SlotTable): Promise<number> {
  let differentPages = 0;
  const slotsPerRead = slotBlockBytes / 4;
  const buffer = Buffer.allocUnsafeSlow(slotBlockBytes);
  for (let slot = 0; slot < layout.slotCount; slot += slotsPerRead) {
    const target = buffer.subarray(0, Math.min(slotsPerRead, layout.slotCount - slot) * 4);
    await pool.use(path, (file) => file.read(target, layout.slotAt(slot)));
    differentPages += slots.compare(slot, target);
  }
  return differentPages;
}
