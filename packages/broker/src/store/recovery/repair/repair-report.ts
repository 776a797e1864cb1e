import type { DamagedStretch } from './log-survey.js';
import type { LostMessages } from './lost-messages.js';

export interface RepairReport {
  readonly isDamaged: boolean;
  /** Something was changed. */
  readonly isRepaired: boolean;
  readonly scannedBytes: number;
  readonly recordCount: number;
  readonly stretches: readonly DamagedStretch[];
  readonly lost: readonly LostMessages[];
  /** Path and length of each file that was shorter or longer than it has to be. */
  readonly misfits: readonly { readonly path: string; readonly sizeBytes: number }[];
  /** Paths of files that are none of the log's. */
  readonly strays: readonly string[];
  /** Where the files are kept as they were; undefined when nothing was changed. */
  readonly keptIn: string | undefined;
}

function bridgeText({ bridge, from, to }: DamagedStretch): string {
  if (bridge === 'skip') return `${to - from} bytes are skipped`;
  return bridge === 'blank' ? `the rest of the file, ${to - from} bytes, is given up` : 'all of it is given up';
}

/** For a person. */
export function reportText(report: RepairReport): string {
  const { isDamaged, isRepaired, keptIn, lost, misfits, recordCount, scannedBytes, strays, stretches } = report;
  const lines = [`scanned ${scannedBytes} bytes of commit log with ${recordCount} records`];
  for (const { path, sizeBytes } of misfits) lines.push(`file of a wrong length: ${path} has ${sizeBytes} bytes`);
  for (const path of strays) lines.push(`file that does not belong there: ${path}`);
  for (const stretch of stretches) {
    lines.push(
      `damaged: ${stretch.path}, log offset ${stretch.from} to ${stretch.to}: ${stretch.reason}; ${bridgeText(stretch)}`,
    );
  }
  for (const { count, firstOffset, lastOffset, queueId, topic } of lost) {
    lines.push(`lost: topic ${topic}, queue ${queueId}: ${count} messages, queue offsets ${firstOffset} to ${lastOffset}`);
  }
  if (stretches.length > 0 && lost.length === 0) lines.push('lost: no consume queue knows a message in the damaged parts');
  if (!isDamaged) lines.push('no damage was found');
  else if (!isRepaired) lines.push('nothing was changed; mqbroker --repair bridges the damaged parts');
  if (keptIn !== undefined) lines.push(`repaired; the files as they were are in ${keptIn}`);
  return lines.map((line) => `${line}\n`).join('');
}
