import type { MessageView } from '../message/message-view.js';
import type { TransactionResolution } from '../transport/messages.js';

/**
 * The two questions of a transactional producer (RocketMQ: TransactionListener). `commit` makes the message visible,
 * `rollback` removes it, `unknown` leaves it undecided: the broker asks `check` again, up to `transactionCheckMax` times.
 */
export interface LocalTransaction<T> {
  /** Runs the local transaction, once, in the process that sent the message. Throwing counts as `unknown`. */
  readonly execute: (message: MessageView<T>, arg: unknown) => Promise<TransactionResolution>;
  /** Looks up how it ended; asked in any process of the producer group, perhaps long after. Throwing counts as `unknown`. */
  readonly check: (message: MessageView<T>) => Promise<TransactionResolution>;
}
