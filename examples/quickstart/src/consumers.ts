/** A handler that returns acknowledges; one that throws gets the message again later, then it goes to the dead-letter topic. */
import { type ConsumeContext, Consumer, type MessageHandler, type MessageView } from 'orbitmq';
import { Journal } from './journal.js';
import {
  Deliveries,
  Invoices,
  LostDeliveries,
  type Order,
  Orders,
  type Parcel,
  Parcels,
  Payments,
  Reminders,
  shippingGroup,
} from './messages.js';

/** Writes down the messages of this run. A used broker may hold some of earlier ones; they are acknowledged and passed over. */
abstract class Clerk {
  readonly #name: string;
  readonly #journal: Journal;

  constructor(name: string, journal: Journal) {
    this.#name = name;
    this.#journal = journal;
  }

  protected note(message: MessageView<{ readonly run: string }>, about: string, what: string): boolean {
    const isOurs = message.body.run === this.#journal.run;
    if (isOurs) this.#journal.write(this.#name, about, what);
    return isOurs;
  }
}

/** Concurrent, and only some tags: the broker keeps the others back. */
@Consumer('shop-billing', { topic: Orders, tags: 'placed || paid', consumeFrom: 'first', inject: [Journal] })
export class Billing extends Clerk implements MessageHandler<Order> {
  constructor(journal: Journal) {
    super('billing', journal);
  }

  async onMessage(message: MessageView<Order>): Promise<void> {
    this.note(message, message.body.id, `${message.tag}, ${message.body.euros.toFixed(2)} EUR`);
  }
}

/** Orderly: one parcel of a customer after the other, as they were sent. */
@Consumer('shop-packing', { topic: Parcels, orderly: true, consumeFrom: 'first', inject: [Journal] })
export class Packing extends Clerk implements MessageHandler<Parcel> {
  constructor(journal: Journal) {
    super('packing', journal);
  }

  async onMessage(message: MessageView<Parcel>): Promise<void> {
    this.note(message, message.body.customer, `step ${message.body.step}`);
  }
}

@Consumer('shop-accounts', { topic: Payments, consumeFrom: 'first', inject: [Journal] })
export class Accounts extends Clerk implements MessageHandler<Order> {
  constructor(journal: Journal) {
    super('accounts', journal);
  }

  async onMessage(message: MessageView<Order>): Promise<void> {
    this.note(message, message.body.id, 'payment booked');
  }
}

@Consumer('shop-mails', { topic: Reminders, consumeFrom: 'first', inject: [Journal] })
export class Mails extends Clerk implements MessageHandler<Order> {
  constructor(journal: Journal) {
    super('mails', journal);
  }

  async onMessage(message: MessageView<Order>): Promise<void> {
    this.note(message, message.body.id, `reminded after ${Date.now() - message.bornTimestamp} ms`);
  }
}

/** Never finds the address: one retry after a second, then the dead-letter topic. */
@Consumer(shippingGroup, { topic: Deliveries, maxReconsumeTimes: 1, consumeFrom: 'first', inject: [Journal] })
export class Shipping extends Clerk implements MessageHandler<Order> {
  constructor(journal: Journal) {
    super('shipping', journal);
  }

  async onMessage(message: MessageView<Order>, context: ConsumeContext): Promise<void> {
    if (!this.note(message, message.body.id, `attempt ${context.attempt} failed`)) return;
    context.retryLater('1s');
  }
}

/** A dead-letter topic is consumed like any other. */
@Consumer('shop-service', { topic: LostDeliveries, consumeFrom: 'first', inject: [Journal] })
export class CustomerService extends Clerk implements MessageHandler<Order> {
  constructor(journal: Journal) {
    super('service', journal);
  }

  async onMessage(message: MessageView<Order>): Promise<void> {
    this.note(message, message.body.id, `found among the dead letters after ${message.reconsumeTimes} attempts`);
  }
}

/** Comes to work with the second start only. */
@Consumer('shop-invoicing', { topic: Invoices, consumeFrom: 'first', inject: [Journal] })
export class Invoicing extends Clerk implements MessageHandler<Order> {
  constructor(journal: Journal) {
    super('invoicing', journal);
  }

  async onMessage(message: MessageView<Order>): Promise<void> {
    this.note(message, message.body.id, 'invoice written');
  }
}
