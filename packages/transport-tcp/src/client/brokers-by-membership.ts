import type { Random } from '@orbitmq/core/kernel';
import type { Membership } from './heartbeat-service.js';

/** A broker that was out of reach is asked for members only after this time, in which the others have told it about themselves. */
const settleMs = 3000;

/**
 * In which order brokers are asked for the members of a group. Those that have known us for `wellKnownAfterMs`, the interval of
 * heartbeats, have heard of every living member and are equally good, so chance spreads the questions; the others follow,
 * the longest known first.
 */
export function brokersByMembership(options: {
  readonly addresses: readonly string[];
  readonly membership: (address: string) => Membership | undefined;
  readonly nowMs: number;
  readonly wellKnownAfterMs: number;
  readonly random: Random;
}): readonly string[] {
  const { addresses, membership, nowMs, wellKnownAfterMs, random } = options;
  const wellKnown: string[] = [];
  const younger: { readonly address: string; readonly sinceMs: number }[] = [];
  for (const address of addresses) {
    const known = membership(address);
    if (known === undefined) continue;
    const ageMs = nowMs - known.sinceMs;
    if (ageMs >= wellKnownAfterMs) wellKnown.push(address);
    else if (!known.hasReturned || ageMs >= settleMs) younger.push({ address, sinceMs: known.sinceMs });
  }
  younger.sort((one, other) => one.sinceMs - other.sinceMs);
  const begin = wellKnown.length === 0 ? 0 : random.int(wellKnown.length);
  return [...wellKnown.slice(begin), ...wellKnown.slice(0, begin), ...younger.map(({ address }) => address)];
}
