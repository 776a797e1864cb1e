/** What types cannot see is one list at `start()`, and nothing has been started or made by then. */
import {
  Consumer,
  createMqApp,
  defineTopic,
  MessageProducer,
  OnMessage,
  Producer,
  producer,
  silentLogger,
  TransactionListener,
} from 'orbitmq';
import { expect, test } from 'vitest';
import { verifies } from '../support/verifies.js';

interface Order {
  readonly id: string;
}
const Orders = defineTopic<Order>('orders');
const Versioned = defineTopic<Order>('versioned', { version: 3, upcast: { 1: (old: Order) => old } });
const made: string[] = [];

@Producer({ group: 'shop', topic: Orders, transactional: true })
class OrderProducer extends MessageProducer<Order> {}

@Producer('other', { topic: Orders })
class Absent extends MessageProducer<Order> {}

class Undecorated extends MessageProducer<Order> {}

@TransactionListener(Absent)
class Listener {
  async execute() {
    return 'commit' as const;
  }
  async check() {
    return 'commit' as const;
  }
}

class Ledger {}

@Consumer('billing', { topic: Orders, tags: 'placed', inject: [Ledger] })
class Billing {
  constructor(_ledger: Ledger) {
    made.push('Billing');
  }
  async onMessage(): Promise<void> {}
}

@Consumer('billing', { topic: Orders, tags: 'paid' })
class Accounting {
  async onMessage(): Promise<void> {}
}

@Consumer('mails')
class Mails {
  @OnMessage({ topic: Orders, tags: 'a || b' })
  async one(): Promise<void> {}
  @OnMessage({ topic: Orders, tags: 'b' })
  async two(): Promise<void> {}
}

test('every mistake is on one list', async () => {
  verifies('wiring-errors');
  const providers = [
    OrderProducer,
    Undecorated,
    Listener,
    Billing,
    Accounting,
    Mails,
    producer(Versioned, { group: 'bad group' }),
  ];
  const app = await createMqApp({ url: 'embedded:', providers, logger: silentLogger });
  const error = await app
    .start()
    .catch((reason: unknown) => reason as Error & { readonly details: { readonly problems: readonly string[] } });
  expect(error).toMatchObject({ name: 'ConfigError', code: 'WIRING_INVALID' });
  expect((error as { details: { problems: readonly string[] } }).details.problems).toEqual([
    'Billing needs Ledger (parameter 1), which is neither among the providers nor in the container',
    'Undecorated extends MessageProducer but has no @Producer',
    "topic 'versioned' has version 3 but no upcast from 2 to 3",
    "producer('versioned'): group 'bad group' has a character other than letters, digits, % | _ -",
    'Listener is a transaction listener of Absent, which is not among the producers',
    'OrderProducer is transactional but has no transaction listener: add a class with @TransactionListener, or the option transaction of producer()',
    "Mails: one() and two() take the same messages: topic 'orders', tags a || b",
    expect.stringContaining(
      "Billing and Accounting are both consumers of group 'billing' and subscribe differently (orders placed / orders paid)",
    ),
  ]);
  expect(made).toEqual([]);
  await app.stop();
});
