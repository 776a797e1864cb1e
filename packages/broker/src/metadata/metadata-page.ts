/**
 * Which part of a table an answer carries (Java 5.5: subTopicConfigTable, subGroupConfigTable; pages 00 §3, 32 §2). Who names no
 * limit gets everything; a page that was asked for under another version of the table begins at the beginning, so that the
 * pages of one reader never mix two versions.
 */
import { isMqError } from '@orbitmq/core/kernel';
import { type DataVersion, decodeDataVersion, isSameDataVersion } from '@orbitmq/protocol';

export interface WantedPage {
  readonly first: number | undefined;
  readonly countMax: number | undefined;
  /** JSON of the version that the page before carried. */
  readonly dataVersion: string | undefined;
}

/** Of `total` entries; the end is exclusive. */
export function pageRange(
  wanted: WantedPage,
  table: { readonly total: number; readonly dataVersion: DataVersion; readonly pageSizeMax: number },
): { readonly from: number; readonly to: number } {
  const { total, dataVersion, pageSizeMax } = table;
  if (wanted.countMax === undefined) return { from: 0, to: total };
  const first = isVersion(wanted.dataVersion, dataVersion) ? (wanted.first ?? 0) : 0;
  const from = Math.min(Math.max(first, 0), total);
  const count = wanted.countMax > 0 ? Math.min(wanted.countMax, pageSizeMax) : pageSizeMax;
  return { from, to: Math.min(from + count, total) };
}

function isVersion(text: string | undefined, version: DataVersion): boolean {
  if (text === undefined || text.trim() === '') return false;
  try {
    return isSameDataVersion(decodeDataVersion(Buffer.from(text)), version);
  } catch (error) {
    if (!isMqError(error)) throw error;
    return false;
  }
}
