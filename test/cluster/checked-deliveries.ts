import type { InteropDelivery } from '../interop/interop-client.js';

/** Those of `sent` that nobody got. */
export function lost(sent: readonly string[], deliveries: readonly InteropDelivery[]): readonly string[] {
  const seen = new Set(deliveries.map(({ body }) => body));
  return sent.filter((body) => !seen.has(body));
}

/** Deliveries of a message that was delivered before: same place in the same queue. */
export function repeatedCount(deliveries: readonly InteropDelivery[]): number {
  return deliveries.length - new Set(deliveries.map(placeOf)).size;
}

/**
 * Where an orderly group saw something before what stands in front of it: within a queue at first sight, and within a queue the numbers
 * of a key. Between queues there is no order, with Apache as here: a key goes to another queue when the queues of its topic change.
 */
export function orderViolations(deliveries: readonly InteropDelivery[]): readonly string[] {
  const violations: string[] = [];
  const seen = new Set<string>();
  const lastOffset = new Map<string, number>();
  const lastNumber = new Map<string, number>();
  for (const delivery of deliveries) {
    const place = placeOf(delivery);
    if (seen.has(place)) continue;
    seen.add(place);
    const queue = `${delivery.topic}@${delivery.brokerName}@${delivery.queueId}`;
    const before = lastOffset.get(queue) ?? -1;
    if (delivery.queueOffset < before) violations.push(`${queue}: ${delivery.queueOffset} after ${before}`);
    lastOffset.set(queue, delivery.queueOffset);
    const [key = '', number = ''] = delivery.body.split(':');
    const keyInQueue = `${queue} ${key}`;
    const numberBefore = lastNumber.get(keyInQueue) ?? -1;
    if (Number(number) < numberBefore) violations.push(`${keyInQueue}: ${number} after ${numberBefore}`);
    lastNumber.set(keyInQueue, Number(number));
  }
  return violations;
}

function placeOf(delivery: InteropDelivery): string {
  return `${delivery.topic}@${delivery.brokerName}@${delivery.queueId}@${delivery.queueOffset}`;
}
