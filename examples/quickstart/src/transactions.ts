import { type LocalTransaction, type MessageView, TransactionListener, type TransactionResolution } from 'orbitmq';
import { Journal } from './journal.js';
import type { Order } from './messages.js';
import { PaymentProducer } from './producers.js';

/** Stands for the database: which payments went through. */
export class Bank {
  readonly accepted = new Set<string>();
}

/**
 * A payment is told to others only if the bank took it. `execute` runs when the message is stored but not yet visible; the
 * broker asks `check` when it was left without a decision.
 */
@TransactionListener(PaymentProducer, { inject: [Bank, Journal] })
export class PaymentTransactions implements LocalTransaction<Order> {
  readonly #bank: Bank;
  readonly #journal: Journal;

  constructor(bank: Bank, journal: Journal) {
    this.#bank = bank;
    this.#journal = journal;
  }

  async execute(message: MessageView<Order>, plan: unknown): Promise<TransactionResolution> {
    const resolution = plan === 'accept' ? 'commit' : plan === 'refuse' ? 'rollback' : 'unknown';
    if (resolution !== 'rollback') this.#bank.accepted.add(message.body.id);
    this.#journal.write('bank', message.body.id, `${String(plan)}: ${resolution}`);
    return resolution;
  }

  async check(message: MessageView<Order>): Promise<TransactionResolution> {
    if (message.body.run !== this.#journal.run) return 'rollback';
    const resolution = this.#bank.accepted.has(message.body.id) ? 'commit' : 'rollback';
    this.#journal.write('bank', message.body.id, `the broker asked: ${resolution}`);
    return resolution;
  }
}
