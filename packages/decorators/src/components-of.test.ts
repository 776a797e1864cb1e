import { type ConsumeContext, defineTopic, type LocalTransaction, MessageProducer, type MessageView } from '@orbitmq/core';
import { expect, test } from 'vitest';
import { Consumer, componentsOf, OnMessage, Producer, TransactionListener } from './index.js';
import type { AbstractClass } from './inject-token.js';

interface Order {
  readonly id: string;
}
const Orders = defineTopic<Order>('orders');
const Refunds = defineTopic<Order>('refunds');

@Producer({ group: 'shop', topic: Orders, transactional: true })
class OrderProducer extends MessageProducer<Order> {}

@Consumer('billing', { topic: Orders, tags: 'placed || paid', orderly: true, maxReconsumeTimes: 5 })
class Billing {
  async onMessage(_message: MessageView<Order>, _context: ConsumeContext): Promise<void> {}
}

class Base {
  @OnMessage({ topic: Refunds })
  async refunded(): Promise<void> {}
  @OnMessage({ topic: Orders, tags: 'old' })
  async placed(): Promise<void> {}
}

@Consumer('mails')
class Mails extends Base {
  @OnMessage({ topic: Orders, tags: 'placed' })
  override async placed(): Promise<void> {}
}

@TransactionListener(OrderProducer)
class Transactions implements LocalTransaction<Order> {
  async execute() {
    return 'commit' as const;
  }
  async check() {
    return 'unknown' as const;
  }
}

class Ledger {}

const read = (...classes: AbstractClass[]) => componentsOf(classes, (target) => Reflect.construct(target as never, []) as object);

test('decorated classes become components; plain services do not', async () => {
  const { components, problems } = read(OrderProducer, Billing, Mails, Transactions, Ledger);
  expect(problems).toEqual([]);
  expect(components).toMatchObject([
    {
      kind: 'producer',
      name: 'OrderProducer',
      identity: OrderProducer,
      topic: Orders,
      options: { group: 'shop', transactional: true },
    },
    {
      kind: 'consumer',
      name: 'Billing',
      options: { group: 'billing', orderly: true, maxReconsumeTimes: 5 },
      routes: [{ topic: Orders, tags: 'placed || paid', method: 'onMessage' }],
    },
    {
      kind: 'consumer',
      name: 'Mails',
      options: { group: 'mails' },
      routes: [
        { topic: Orders, tags: 'placed', method: 'placed' },
        { topic: Refunds, tags: undefined, method: 'refunded' },
      ],
    },
    { kind: 'transaction', name: 'Transactions', producer: OrderProducer, producerName: 'OrderProducer' },
  ]);
  expect(components[1]).not.toHaveProperty('options.inject');
  expect(await components[1]?.resolve()).toBeInstanceOf(Billing);
});

test('a plain call decorates as well', () => {
  class Shipping {
    async onMessage(): Promise<void> {}
  }
  Consumer('shipping', { topic: Orders })(Shipping);
  expect(read(Shipping).components).toMatchObject([{ kind: 'consumer', name: 'Shipping', options: { group: 'shipping' } }]);
});

test('a subclass of a decorated class is not decorated by it', () => {
  class Sub extends Billing {}
  expect(read(Sub)).toEqual({ components: [], problems: ['Sub has an onMessage but no @Consumer'] });
});

test('a handler may be a field', () => {
  class Field {
    readonly onMessage = async (): Promise<void> => {};
  }
  Consumer('field', { topic: Orders })(Field);
  expect(read(Field).problems).toEqual([]);
});

test('what is missing or double is a problem', () => {
  class Undecorated extends MessageProducer<Order> {}
  class Methods {
    async placed(): Promise<void> {}
  }
  OnMessage({ topic: Orders })(Methods.prototype, 'placed');
  class Handless {}
  Consumer('handless', { topic: Orders } as never)(Handless);
  class Tagged {}
  Consumer('tagged', { tags: 'a' })(Tagged);
  class Static {
    static async placed(): Promise<void> {}
  }
  OnMessage({ topic: Orders })(Static, 'placed');
  Consumer('static')(Static);
  class Twice extends MessageProducer<Order> {
    constructor(_ledger: Ledger) {
      super();
    }
  }
  Producer('a', { topic: Orders, inject: [Ledger] })(Twice);
  Producer('b', { topic: Orders, inject: [Ledger] })(Twice);
  expect(read(Undecorated, Methods, Handless, Tagged, Static, Twice).problems).toEqual([
    'Undecorated extends MessageProducer but has no @Producer',
    'Methods has methods with @OnMessage but no @Consumer',
    "Handless consumes topic 'orders' but has no onMessage",
    'Tagged names tags but no topic',
    'Static: @OnMessage cannot be on placed, which is static or private',
    'Twice has @Producer twice: a producer has one group and one topic',
    'Twice has several inject lists: keep one',
  ]);
});
