/** What happens in the first life of the shop. */
import type { MqApp } from 'orbitmq';
import type { Journal } from './journal.js';
import type { Order } from './messages.js';
import {
  DeliveryProducer,
  InvoiceProducer,
  OrderProducer,
  ParcelProducer,
  PaymentProducer,
  ReminderProducer,
} from './producers.js';
import { expectThat, step } from './step.js';

export interface Tour {
  readonly journal: Journal;
  /** How long a step may take. */
  readonly limitMs: number;
  /** How long the broker may take to ask about a transaction. */
  readonly checkLimitMs: number;
}

function order(journal: Journal, number: number): Order {
  return { run: journal.run, id: `${journal.run}-${number}`, customer: 'ada', euros: 12.5 * number };
}

export async function filterByTag(app: MqApp, { journal, limitMs }: Tour): Promise<void> {
  await step('A concurrent consumer with the tag filter "placed || paid"', limitMs, async (signal) => {
    const orders = app.get(OrderProducer);
    await orders.announce(order(journal, 1), 'cancelled');
    await orders.announce(order(journal, 2), 'placed');
    await orders.announce(order(journal, 3), 'paid');
    await journal.until(() => journal.of('billing').length >= 2, signal);
    const seen = journal.of('billing').map((entry) => entry.about);
    expectThat(!seen.includes(order(journal, 1).id), 'billing was given an order it did not subscribe to');
    return 'three orders sent, two billed, the cancelled one kept back by the broker';
  });
}

export async function consumeInOrder(app: MqApp, { journal, limitMs }: Tour): Promise<void> {
  await step('An orderly consumer', limitMs, async (signal) => {
    const customers = ['ada', 'grace'];
    for (let number = 1; number <= 3; number++) {
      for (const customer of customers) await app.get(ParcelProducer).move({ run: journal.run, customer, step: number });
    }
    await journal.until(() => journal.of('packing').length >= 6, signal);
    for (const customer of customers) {
      const steps = journal.of('packing').filter((entry) => entry.about === customer);
      expectThat(
        steps.map((entry) => entry.what).join() === 'step 1,step 2,step 3',
        `the parcels of ${customer} were out of order`,
      );
    }
    return "every customer's parcels in the order they were sent";
  });
}

export async function pay(app: MqApp, { journal, limitMs, checkLimitMs }: Tour): Promise<void> {
  const payments = app.get(PaymentProducer);
  const [accepted, refused, undecided] = [order(journal, 4), order(journal, 5), order(journal, 6)];
  const isBooked = (id: string) => (): boolean => journal.of('accounts').some((entry) => entry.about === id);
  await step('A transaction that commits, and one that rolls back', limitMs, async (signal) => {
    await payments.sendInTransaction(refused, 'refuse', { keys: refused.id });
    await payments.sendInTransaction(accepted, 'accept', { keys: accepted.id });
    await journal.until(isBooked(accepted.id), signal);
    return 'only the committed payment became visible';
  });
  await step('A transaction left undecided, until the broker asks', checkLimitMs, async (signal) => {
    if (checkLimitMs > limitMs)
      console.log('    (this broker asks by its own transactionCheckInterval, 30 or 60 s unless configured)');
    await payments.sendInTransaction(undecided, 'no answer', { keys: undecided.id });
    await journal.until(isBooked(undecided.id), signal);
    expectThat(!isBooked(refused.id)(), 'a payment that was rolled back became visible');
    return 'the listener answered, and the payment became visible';
  });
}

export async function remindLater(app: MqApp, { journal, limitMs }: Tour): Promise<void> {
  await step('A delayed message', limitMs, async (signal) => {
    const sent = performance.now();
    await app.get(ReminderProducer).later(order(journal, 7));
    await journal.until(() => journal.of('mails').length > 0, signal);
    const elapsedMs = performance.now() - sent;
    expectThat(elapsedMs >= 1000, `it came after ${Math.round(elapsedMs)} ms, before its second was over`);
    return 'delivered after a second, not before';
  });
}

export async function loseDelivery(app: MqApp, { journal, limitMs }: Tour): Promise<void> {
  await step('A handler that keeps failing, and the dead-letter topic', limitMs, async (signal) => {
    const lost = order(journal, 8);
    await app.get(DeliveryProducer).send(lost, { keys: lost.id });
    await journal.until(() => journal.of('service').length > 0, signal);
    expectThat(journal.of('shipping').length === 2, `shipping tried ${journal.of('shipping').length} times instead of twice`);
    return 'tried, retried after a second, then moved to %DLQ%shop-shipping';
  });
}

export async function leaveWork(app: MqApp, { journal, limitMs }: Tour): Promise<void> {
  await step('Work left for later', limitMs, async () => {
    for (let number = 9; number <= 11; number++) await app.get(InvoiceProducer).send(order(journal, number));
    return 'three invoices stored; nobody is there yet to write them';
  });
}
