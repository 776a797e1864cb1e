import { invariant } from '@orbitmq/core/kernel';
import type { PutStatus, PutWaiter } from '../store/message-store.js';
import type { KeyPlace } from './key-table.js';

export interface PutOutcome {
  readonly status: PutStatus;
  /** Undefined: nothing was stored. */
  readonly place: KeyPlace | undefined;
}

/** The message is in the log, at whatever durability. */
export function isInLog(status: PutStatus): boolean {
  return status === 'PUT_OK' || status === 'FLUSH_DISK_TIMEOUT' || status === 'TOPIC_NOT_WRITTEN';
}

/** What answers the sender of the first message. */
export interface ClaimedAnswer extends PutWaiter {
  /** The queue that was asked for. */
  readonly queueId: number;
}

/**
 * A key whose first message is on its way into the log. It stands between the store and the answer: the key is known before
 * the answer leaves, so that no repeat that follows the answer can miss it.
 */
export class KeyClaim implements PutWaiter {
  readonly #settle: (place: KeyPlace | undefined) => void;
  #answer: ClaimedAnswer | undefined;
  #isHalf = false;
  #repeats: ((outcome: PutOutcome) => void)[] | undefined;
  /** Where the message is, once that is fixed. */
  place: KeyPlace | undefined;

  constructor(settle: (place: KeyPlace | undefined) => void) {
    this.#settle = settle;
  }

  /** The waiter to put with. */
  with(answer: ClaimedAnswer, isHalf: boolean): PutWaiter {
    this.#answer = answer;
    this.#isHalf = isHalf;
    return this;
  }

  /** Nothing was put. In the turn of the claim, so that nobody waits for it. */
  giveUp(): void {
    invariant(this.#repeats === undefined, 'a claim that nothing was put for has no repeats');
    this.#settle(undefined);
  }

  whenDone(): Promise<PutOutcome> {
    return new Promise((resolve) => {
      (this.#repeats ??= []).push(resolve);
    });
  }

  onAppended(physicalOffset: number, queueOffset: number, storeTimestamp: number): void {
    const queueId = this.#answer?.queueId ?? 0;
    this.place = { physicalOffset, queueOffset, queueId, isOpenHalf: this.#isHalf };
    this.#answer?.onAppended(physicalOffset, queueOffset, storeTimestamp);
  }

  onDone(status: PutStatus): void {
    this.#settle(isInLog(status) ? this.place : undefined);
    this.#answer?.onDone(status);
    for (const resolve of this.#repeats ?? []) resolve({ status, place: this.place });
  }
}
