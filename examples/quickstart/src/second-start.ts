/** What the second life of the shop finds. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Tour } from './first-start.js';
import { expectThat, step } from './step.js';

/** Long enough for anything wrongly stored as unacknowledged to come again. */
const quietMs = 1500;

export async function findEverything({ journal, limitMs }: Tour, entriesBefore: number): Promise<void> {
  await step('Nothing was lost, nothing acknowledged comes again', limitMs, async (signal) => {
    await journal.until(() => journal.of('invoicing').length >= 3, signal);
    await sleep(quietMs, undefined, { signal });
    const since = journal.entries.slice(entriesBefore);
    // The bank is asked about transactions, not given messages; RocketMQ 5 may ask about a decided one a second time.
    const again = since.filter((entry) => entry.who !== 'invoicing' && entry.who !== 'bank');
    expectThat(again.length === 0, `came again: ${again.map((entry) => `${entry.who} ${entry.about}`).join(', ')}`);
    const invoices = since.filter((entry) => entry.who === 'invoicing');
    const written = new Set(invoices.map((entry) => entry.about)).size;
    expectThat(invoices.length === 3 && written === 3, `${invoices.length} invoices for 3 orders`);
    return 'the three invoices came, each once; no other handler was called';
  });
}
