import { consume, defineTopic, MessageProducer, type MessageView, producer } from '@orbitmq/core';
import { Container, inject, injectable, named, optional } from 'inversify';
import { expect, test } from 'vitest';
import { Consumer, OnMessage, Producer, TransactionListener, token } from '../index.js';
import { mqModule, type Provider, readContainer } from './index.js';

interface Order {
  readonly id: string;
}
interface Clock {
  now(): number;
}
const Orders = defineTopic<Order>('orders');
const CLOCK = token<Clock>('clock');
const clock: Clock = { now: () => 5 };

class Ledger {
  readonly entries: string[] = [];
}

class Billing {
  readonly ledger: Ledger;
  readonly clock: Clock;
  constructor(ledger: Ledger, now: Clock) {
    this.ledger = ledger;
    this.clock = now;
  }
  async onMessage(_message: MessageView<Order>): Promise<void> {}
}
Consumer('billing', { topic: Orders, inject: [Ledger, CLOCK] })(Billing);

class OrderProducer extends MessageProducer<Order> {}
Producer('shop', { topic: Orders })(OrderProducer);

function load(...providers: Provider[]): Container {
  const container = new Container();
  container.load(mqModule(providers));
  return container;
}

async function instances(container: Container): Promise<object[]> {
  const { components, problems } = readContainer(container);
  expect(problems).toEqual([]);
  return Promise.all(components.map(async (component) => component.resolve()));
}

test.each([
  [undefined, /^Entry 1 of the providers is undefined \(do two modules import each other\?\)/],
  [null, /^Entry 1 of the providers is no provider/],
  [{}, /is no provider/],
  ['Ledger', /is no provider/],
  [{ provide: undefined, useValue: 1 }, /is no provider/],
  [{ provide: Ledger }, /is no provider/],
])('an entry that is no provider is refused by its place: %s', (entry, message) => {
  const make = () => mqModule([Ledger, entry as unknown as Provider]);
  expect(make).toThrow(expect.objectContaining({ code: 'WIRING_INVALID', message: expect.stringMatching(message) }));
});

test('listed dependencies are injected, and everything is made once', async () => {
  const container = load(Billing, OrderProducer, Ledger, { provide: CLOCK, useValue: clock });
  const [billing, orders] = (await instances(container)) as [Billing, OrderProducer];
  expect(billing).toBeInstanceOf(Billing);
  expect(billing.ledger).toBe(container.get(Ledger));
  expect(billing.clock).toBe(clock);
  expect(container.get(Billing)).toBe(billing);
  expect(orders).toBe(container.get(OrderProducer));
});

test('several modules of one container are one application', async () => {
  const container = load(Billing, Ledger);
  container.load(
    mqModule([
      OrderProducer,
      { provide: CLOCK, useFactory: (ledger: Ledger) => ({ now: () => ledger.entries.length }), inject: [Ledger] },
    ]),
  );
  const [billing] = (await instances(container)) as [Billing];
  expect(billing.clock.now()).toBe(0);
});

test("the container's own bindings win", async () => {
  const container = new Container();
  const standIn = new Ledger();
  container.bind(Ledger).toConstantValue(standIn);
  container.bind(CLOCK).toConstantValue(clock);
  container.load(mqModule([Billing, Ledger]));
  const [billing] = (await instances(container)) as [Billing];
  expect(billing.ledger).toBe(standIn);
});

test('a class under the name of another, and an asynchronous factory', async () => {
  class TestLedger extends Ledger {}
  const later = { provide: CLOCK, useFactory: async () => clock };
  const container = load(Billing, { provide: Ledger, useClass: TestLedger }, later);
  const [billing] = (await instances(container)) as [Billing];
  expect(billing.ledger).toBeInstanceOf(TestLedger);
  expect(billing.clock).toBe(clock);
});

test("inversify's own decorators work, and what they name is looked for", async () => {
  @injectable()
  class Mails {
    @inject(Ledger)
    readonly byProperty: Ledger | undefined;
    readonly ledger: Ledger;
    constructor(
      @inject(Ledger) ledger: Ledger,
      @inject(CLOCK) @optional() _clock: Clock | undefined,
      @inject(CLOCK) @named('x') @optional() _x: unknown,
    ) {
      this.ledger = ledger;
    }
    @OnMessage({ topic: Orders })
    async placed(): Promise<void> {}
  }
  Consumer('mails')(Mails);
  const [mails] = (await instances(load(Mails, Ledger))) as [Mails];
  expect(mails.ledger).toBeInstanceOf(Ledger);
  expect(mails.byProperty).toBe(mails.ledger);
  expect(readContainer(load(Mails)).problems).toEqual([
    'Mails needs Ledger (parameter 1), which is neither among the providers nor in the container',
  ]);
});

test('types that a compiler emitted do, without @injectable', async () => {
  class Shipping {
    readonly ledger: Ledger;
    constructor(ledger: Ledger) {
      this.ledger = ledger;
    }
    async onMessage(): Promise<void> {}
  }
  Consumer('shipping', { topic: Orders })(Shipping);
  Reflect.defineMetadata('design:paramtypes', [Ledger], Shipping);
  const [shipping] = (await instances(load(Shipping, Ledger))) as [Shipping];
  expect(shipping.ledger).toBeInstanceOf(Ledger);
});

test('a subclass without a constructor takes what its base class takes', async () => {
  class Sub extends Billing {}
  Consumer('sub', { topic: Orders })(Sub);
  const [sub] = (await instances(load(Sub, Ledger, { provide: CLOCK, useValue: clock }))) as [Sub];
  expect(sub.clock).toBe(clock);
});

test('producers and consumers without a class need no container', async () => {
  const orders = producer(Orders, { group: 'shop' });
  const container = load(
    orders,
    consume(Orders, { group: 'log' }, async () => {}),
  );
  expect(readContainer(container).components).toMatchObject([
    { kind: 'producer', identity: orders },
    { kind: 'consumer', options: { group: 'log' } },
  ]);
});

test('a container without a module has nothing of ours', () => {
  expect(readContainer(new Container())).toEqual({ components: [], problems: [] });
});

test('a missing dependency is named with who needs it', () => {
  expect(readContainer(load(Billing)).problems).toEqual([
    'Billing needs Ledger (parameter 1), which is neither among the providers nor in the container',
    "Billing needs 'clock' (parameter 2), which is neither among the providers nor in the container",
  ]);
});

test('parameters that nothing explains are named with class, reason and remedy', async () => {
  class Legacy {
    constructor(readonly_: Ledger) {
      void readonly_;
    }
    async onMessage(): Promise<void> {}
  }
  Consumer('legacy', { topic: Orders })(Legacy);
  class Standard extends Legacy {}
  Consumer('standard', { topic: Orders })(Standard as never, { kind: 'class' } as never);
  class Service {
    constructor(_url: string, _clock: Clock) {}
  }
  const container = load(Legacy, Standard, Service);
  const { problems, components } = readContainer(container);
  expect(problems).toEqual([
    'nothing says what the constructor of Legacy takes (parameter 1): esbuild and tsx never emit parameter types, tsc and swc only with emitDecoratorMetadata, and none for interfaces and primitives. List the dependencies in the decorator: inject: [Ledger, CLOCK]',
    'nothing says what the constructor of Standard takes (parameter 1): it was compiled with standard decorators, for which no compiler emits parameter types. List the dependencies in the decorator: inject: [Ledger, CLOCK]',
    "nothing says what the constructor of Service takes (parameter 1, 2): it has no decorator, so no compiler emits parameter types. Provide it with a list: { provide: Ledger, useClass: Ledger, inject: [CLOCK] }, or use inversify's @injectable and @inject",
  ]);
  await expect(components[0]?.resolve()).rejects.toThrow('Legacy cannot be made');
});

test('an emitted interface type explains nothing', () => {
  class Half {
    constructor(_ledger: Ledger, _clock: Clock) {}
    async onMessage(): Promise<void> {}
  }
  Consumer('half', { topic: Orders })(Half);
  Reflect.defineMetadata('design:paramtypes', [Ledger, Object], Half);
  expect(readContainer(load(Half, Ledger)).problems).toEqual([
    expect.stringContaining('constructor of Half takes (parameter 2)'),
  ]);
});

test('a circle of dependencies is shown', () => {
  class A {}
  class B {}
  const providers: Provider[] = [
    { provide: A, useClass: A, inject: [B] },
    { provide: B, useFactory: () => new B(), inject: [A] },
  ];
  expect(readContainer(load(...providers)).problems).toEqual(['these need each other: A → B → A']);
});

test('a transaction listener is found beside its producer', async () => {
  class Transactions {
    async execute() {
      return 'commit' as const;
    }
    async check() {
      return 'commit' as const;
    }
  }
  TransactionListener(OrderProducer)(Transactions);
  const { components } = readContainer(load(OrderProducer, Transactions));
  expect(components.map((component) => component.kind)).toEqual(['producer', 'transaction']);
});
