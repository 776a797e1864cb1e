/** When files go and when writes stop (Java: CleanCommitLogService and MessageStoreConfig; page 20 §9). All pure. */
import type { DiskUsage } from '../io/file-system.js';

const hourMs = 3_600_000;

/** Percent of a partition in use. */
export interface DiskRatios {
  /** Above: old files are deleted at any hour. */
  readonly maxUsed: number;
  /** Above: the oldest files are deleted though they are not old. At or below: puts are taken again. */
  readonly cleanForcibly: number;
  /** Above: puts are refused. */
  readonly warning: number;
}

/** As configured, inside the bounds that Java clamps them to. */
export function diskRatios(config: {
  readonly diskMaxUsedSpaceRatio: number;
  readonly diskSpaceCleanForciblyRatio: number;
  readonly diskSpaceWarningLevelRatio: number;
}): DiskRatios {
  return {
    maxUsed: clamp(config.diskMaxUsedSpaceRatio, 10, 95),
    cleanForcibly: clamp(config.diskSpaceCleanForciblyRatio, 30, 85),
    warning: clamp(config.diskSpaceWarningLevelRatio, 35, 90),
  };
}

function clamp(value: number, min: number, max: number): number {
  return Math.min(Math.max(value, min), max);
}

/** Whole percent, rounded up, of what this process can use of the partition (as `df` counts). */
export function usedPercent({ availableBytes, usedBytes }: DiskUsage): number {
  const totalBytes = usedBytes + availableBytes;
  return totalBytes === 0 ? 100 : Math.ceil((usedBytes * 100) / totalBytes);
}

/** Whether it is one of the hours of `deleteWhen`, local time. */
export function isDeleteHour(deleteWhen: string, now: number): boolean {
  const hour = new Date(now).getHours();
  return deleteWhen.split(';').some((text) => text !== '' && Number(text) === hour);
}

/** Whether a file was last written `reservedHours` ago or earlier; one without a date never was. */
export function isOldFile(modifiedAt: number, reservedHours: number, now: number): boolean {
  return modifiedAt > 0 && now - modifiedAt >= reservedHours * hourMs;
}
