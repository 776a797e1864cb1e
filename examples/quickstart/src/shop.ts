import { createMqApp, type MqApp, type Provider } from 'orbitmq';
import { Accounts, Billing, CustomerService, Invoicing, Mails, Packing, Shipping } from './consumers.js';
import { Journal } from './journal.js';
import {
  DeliveryProducer,
  InvoiceProducer,
  OrderProducer,
  ParcelProducer,
  PaymentProducer,
  ReminderProducer,
} from './producers.js';
import { Bank, PaymentTransactions } from './transactions.js';

const producers = [OrderProducer, ParcelProducer, PaymentProducer, ReminderProducer, DeliveryProducer, InvoiceProducer];
const consumers = [Billing, Packing, Accounts, Mails, Shipping, CustomerService];

/** The whole application. Invoicing works from the second start on. */
export function createShop(url: string, journal: Journal, isSecondStart: boolean): Promise<MqApp> {
  const services: Provider[] = [Bank, PaymentTransactions, { provide: Journal, useValue: journal }];
  return createMqApp({
    url,
    providers: [...producers, ...consumers, ...(isSecondStart ? [Invoicing] : []), ...services],
    // Only for `embedded:`: ask about undecided transactions soon. Other brokers have their own configuration.
    embedded: { broker: { transactionCheckInterval: 500, transactionTimeOut: 500 } },
  });
}
