import type { DiskPercents } from '../../store/retention/disk-guard.js';

/** `CL:  0.91 CQ:  0.91 INDEX:  0.91`: how full the partitions are, as operators know it from Apache's refusals (page 24 §3). The index lies beside the queues. */
export function diskFigures({ commitLog, consumeQueue }: DiskPercents): string {
  return `CL: ${ratio(commitLog)} CQ: ${ratio(consumeQueue)} INDEX: ${ratio(consumeQueue)}`;
}

/** A share of 1; -1 where it is not known. */
function ratio(percent: number): string {
  return (percent < 0 ? -1 : percent / 100).toFixed(2).padStart(5);
}
