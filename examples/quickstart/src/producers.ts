import { MessageProducer, Producer } from 'orbitmq';
import { Deliveries, Invoices, type Order, Orders, type Parcel, Parcels, Payments, Reminders } from './messages.js';

@Producer('shop', { topic: Orders })
export class OrderProducer extends MessageProducer<Order> {
  announce(order: Order, tag: 'placed' | 'paid' | 'cancelled') {
    return this.send(order, { tag, keys: order.id });
  }
}

@Producer('shop', { topic: Parcels })
export class ParcelProducer extends MessageProducer<Parcel> {
  /** Parcels of one customer go to one queue, so they stay in order. */
  move(parcel: Parcel) {
    return this.send(parcel, { shardingKey: parcel.customer });
  }
}

/** Transactional: see transactions.ts. A producer group of its own, because the broker asks the group. */
@Producer('shop-payments', { topic: Payments, transactional: true })
export class PaymentProducer extends MessageProducer<Order> {}

@Producer('shop', { topic: Reminders })
export class ReminderProducer extends MessageProducer<Order> {
  later(order: Order) {
    return this.send(order, { keys: order.id, delay: '1s' });
  }
}

@Producer('shop', { topic: Deliveries })
export class DeliveryProducer extends MessageProducer<Order> {}

@Producer('shop', { topic: Invoices })
export class InvoiceProducer extends MessageProducer<Order> {}
