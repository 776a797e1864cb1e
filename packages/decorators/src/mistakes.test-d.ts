/** Deliberate mistakes do not compile. Checked twice: with legacy decorators (tsconfig.test.json), and with standard ones (test/decorator-tools). */
import {
  type ConsumeContext,
  defineTopic,
  type LocalTransaction,
  type MessageHandler,
  MessageProducer,
  type MessageView,
} from '@orbitmq/core';
import { test } from 'vitest';
import { Consumer, OnMessage, Producer, TransactionListener, token } from './index.js';

interface Order {
  readonly id: string;
}
interface Invoice {
  readonly total: number;
}
class Ledger {
  readonly entries: string[] = [];
}
class Mailer {
  readonly sent = 0;
}
interface Clock {
  now(): number;
}
const CLOCK = token<Clock>('clock');
const Orders = defineTopic<Order>('orders');
const Invoices = defineTopic<Invoice>('invoices');

test('right classes compile', () => {
  @Producer({ group: 'shop', topic: Orders })
  class OrderProducer extends MessageProducer<Order> {}

  @Producer('shop', { topic: Invoices, inject: [CLOCK] })
  class InvoiceProducer extends MessageProducer<Invoice> {
    constructor(_clock: Clock) {
      super();
    }
  }

  @Consumer({
    group: 'billing',
    topic: Orders,
    tags: 'placed || paid',
    orderly: true,
    maxReconsumeTimes: 5,
    inject: [Ledger, CLOCK],
  })
  class Billing implements MessageHandler<Order> {
    readonly #ledger: Ledger;
    constructor(ledger: Ledger, _clock: Clock) {
      this.#ledger = ledger;
    }
    async onMessage(message: MessageView<Order>, context: ConsumeContext): Promise<void> {
      this.#ledger.entries.push(message.body.id, context.group);
    }
  }

  @Consumer('shipping', { topic: Orders, batch: { size: 32, waitMs: 100 } })
  class Shipping {
    async onMessage(messages: readonly MessageView<Order>[]): Promise<void> {
      await Promise.resolve(messages.length);
    }
  }

  @Consumer('mails', { inject: [Mailer] })
  class Mails {
    constructor(_mailer: Mailer) {}
    @OnMessage({ topic: Orders, tags: 'placed' })
    async placed(message: MessageView<Order>): Promise<void> {
      await Promise.resolve(message.body.id);
    }
    @OnMessage({ topic: Invoices })
    async billed(message: MessageView<Invoice>, context: ConsumeContext): Promise<void> {
      context.signal.throwIfAborted();
      await Promise.resolve(message.body.total);
    }
  }

  @TransactionListener(OrderProducer, { inject: [Ledger] })
  class OrderTransactions implements LocalTransaction<Order> {
    constructor(_ledger: Ledger) {}
    async execute(message: MessageView<Order>, arg: unknown) {
      return message.body.id === arg ? ('commit' as const) : ('unknown' as const);
    }
    async check() {
      return 'rollback' as const;
    }
  }

  @Consumer('without-a-list', { topic: Orders })
  class Unlisted {
    constructor(_ledger: Ledger) {}
    async onMessage(): Promise<void> {}
  }
  return [InvoiceProducer, Billing, Shipping, Mails, OrderTransactions, Unlisted];
});

test('a consumer without onMessage', () => {
  // @ts-expect-error no onMessage
  @Consumer('billing', { topic: Orders })
  class Billing {}
  return Billing;
});

test('a handler of another payload', () => {
  // @ts-expect-error orders are no invoices
  @Consumer('billing', { topic: Orders })
  class Billing {
    async onMessage(message: MessageView<Invoice>): Promise<void> {
      await Promise.resolve(message.body.total);
    }
  }
  return Billing;
});

test('a handler of one message for a batch, and the other way round', () => {
  // @ts-expect-error batches are arrays
  @Consumer('billing', { topic: Orders, batch: { size: 10 } })
  class Billing {
    async onMessage(message: MessageView<Order>): Promise<void> {
      await Promise.resolve(message.body.id);
    }
  }
  // @ts-expect-error no batch, no array
  @Consumer('shipping', { topic: Orders })
  class Shipping {
    async onMessage(messages: readonly MessageView<Order>[]): Promise<void> {
      await Promise.resolve(messages.length);
    }
  }
  return [Billing, Shipping];
});

test('an inject list with a wrong entry', () => {
  // @ts-expect-error a Mailer is no Ledger
  @Consumer('billing', { topic: Orders, inject: [Mailer] })
  class Billing {
    constructor(_ledger: Ledger) {}
    async onMessage(): Promise<void> {}
  }
  // @ts-expect-error a clock is no Ledger
  @Producer('shop', { topic: Orders, inject: [CLOCK] })
  class OrderProducer extends MessageProducer<Order> {
    constructor(_ledger: Ledger) {
      super();
    }
  }
  return [Billing, OrderProducer];
});

test('an inject list with a missing entry', () => {
  // @ts-expect-error the clock is missing
  @Consumer('billing', { topic: Orders, inject: [Ledger] })
  class Billing {
    constructor(_ledger: Ledger, _clock: Clock) {}
    async onMessage(): Promise<void> {}
  }
  return Billing;
});

test('an inject list with a surplus entry', () => {
  // @ts-expect-error the constructor takes one argument
  @Consumer('billing', { topic: Orders, inject: [Ledger, CLOCK] })
  class Billing {
    constructor(_ledger: Ledger) {}
    async onMessage(): Promise<void> {}
  }
  return Billing;
});

test('a method of another payload', () => {
  @Consumer('billing')
  class Billing {
    // @ts-expect-error orders are no invoices
    @OnMessage({ topic: Orders })
    async placed(message: MessageView<Invoice>): Promise<void> {
      await Promise.resolve(message.body.total);
    }
  }
  return Billing;
});

test('a method or a handler that is not async', () => {
  @Consumer('billing')
  class Billing {
    // @ts-expect-error nobody could wait for it
    @OnMessage({ topic: Orders })
    placed(message: MessageView<Order>): void {
      String(message.body.id);
    }
  }
  // @ts-expect-error nobody could wait for it
  @Consumer('shipping', { topic: Orders })
  class Shipping {
    onMessage(message: MessageView<Order>): void {
      String(message.body.id);
    }
  }
  return [Billing, Shipping];
});

test('producers and listeners of another payload', () => {
  // @ts-expect-error the producer is of orders
  @Producer('shop', { topic: Invoices })
  class OrderProducer extends MessageProducer<Order> {}

  // @ts-expect-error the listener is of invoices
  @TransactionListener(OrderProducer)
  class InvoiceTransactions implements LocalTransaction<Invoice> {
    async execute(message: MessageView<Invoice>) {
      return message.body.total > 0 ? ('commit' as const) : ('rollback' as const);
    }
    async check() {
      return 'unknown' as const;
    }
  }

  // @ts-expect-error not a decision
  @TransactionListener(OrderProducer)
  class Undecided {
    async execute() {
      return 'perhaps';
    }
    async check() {
      return 'commit' as const;
    }
  }
  return [InvoiceTransactions, Undecided];
});

test('an unknown delay or option', () => {
  // @ts-expect-error not one of the 18 durations
  @Consumer('billing', { topic: Orders, retryDelay: '2s' })
  class Billing {
    async onMessage(): Promise<void> {}
  }
  // @ts-expect-error no such option
  @Consumer('shipping', { topic: Orders, threads: 5 })
  class Shipping {
    async onMessage(): Promise<void> {}
  }
  return [Billing, Shipping];
});
