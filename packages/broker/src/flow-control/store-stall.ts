/**
 * When the store counts as stalled (Java: OS_PAGE_CACHE_BUSY, the put lock held by one put for longer than
 * `osPageCacheBusyTimeOutMills`; page 24 §2). Here the log has one writer, so what is asked is the age of the batch that it works on.
 * Java's lock covers the write and not the flush, which its senders wait for beside it: a write is held against the key alone, a
 * flush only when it takes longer than `syncFlushTimeout` as well. Until then a send is answered with 10 at worst; behind it
 * every one would be, so that refusing is kinder. Pure.
 */
import type { BrokerConfig } from '../config/broker-config.js';
import type { AppendUnderWay } from '../store/append-under-way.js';

export type StallLimits = Pick<BrokerConfig, 'osPageCacheBusyTimeOutMills' | 'syncFlushTimeout'>;

/** The longest time that is still no stall, in milliseconds. */
export function stallLimitMs(includesFlush: boolean, limits: StallLimits): number {
  const { osPageCacheBusyTimeOutMills, syncFlushTimeout } = limits;
  return includesFlush ? Math.max(osPageCacheBusyTimeOutMills, syncFlushTimeout) : osPageCacheBusyTimeOutMills;
}

export function isStalled(append: AppendUnderWay | undefined, nowMs: number, limits: StallLimits): boolean {
  return append !== undefined && nowMs - append.beganMs > stallLimitMs(append.includesFlush, limits);
}
