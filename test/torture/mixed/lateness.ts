import type { History } from '../../simulation/history.js';
import type { Disturbance } from './duplicates.js';

/** How long after their moment delayed messages reached a handler for the first time, milliseconds. */
export interface Lateness {
  readonly what: string;
  /** Those whose moment lay in quiet times. */
  readonly count: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  /** Of all, those that waited for a broker that was down or a queue that changed hands too. */
  readonly worstMs: number;
}

/** So long after a disturbance queues are elsewhere, or their messages come from behind. Shorter than the pauses between disturbances. */
const disturbedMs = 10_000;

export function latenessOf(
  what: string,
  { deliveries, sent }: History,
  disturbances: readonly Disturbance[],
  isMeant: (id: string) => boolean,
): Lateness {
  const seen = new Set<string>();
  const quiet: number[] = [];
  let worstMs = 0;
  for (const { id, startedAtMs } of deliveries) {
    const message = sent.get(id);
    if (message === undefined || message.delayMs === 0 || seen.has(id) || !isMeant(id)) continue;
    seen.add(id);
    const dueAtMs = (message.endedAtMs ?? message.startedAtMs) + message.delayMs;
    const lateMs = startedAtMs - dueAtMs;
    worstMs = Math.max(worstMs, lateMs);
    const isDisturbed = disturbances.some(({ atMs }) => atMs <= startedAtMs && dueAtMs <= atMs + disturbedMs);
    if (!isDisturbed) quiet.push(lateMs);
  }
  quiet.sort((left, right) => left - right);
  const share = (part: number): number => quiet[Math.floor((quiet.length - 1) * part)] ?? 0;
  return { what, count: quiet.length, p50Ms: share(0.5), p99Ms: share(0.99), maxMs: share(1), worstMs };
}

export function latenessText({ count, maxMs, p50Ms, p99Ms, what, worstMs }: Lateness): string {
  const [half, most, all, worst] = [p50Ms, p99Ms, maxMs, worstMs].map((ms) => ms.toFixed(0));
  return `late ${what}: p50 ${half}, p99 ${most}, at most ${all} ms of ${count} in quiet times; ${worst} ms among disturbances`;
}
