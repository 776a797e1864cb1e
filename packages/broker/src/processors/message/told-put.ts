import { type ClaimedAnswer, isInLog } from '../../idempotency/key-claim.js';
import type { PutStatus } from '../../store/message-store.js';

/** The answer to a send, and somebody who is told first when its message is stored: for counts of what is rare. */
export class ToldPut implements ClaimedAnswer {
  readonly queueId: number;
  readonly #answer: ClaimedAnswer;
  readonly #onStored: () => void;

  constructor(answer: ClaimedAnswer, onStored: () => void) {
    this.queueId = answer.queueId;
    this.#answer = answer;
    this.#onStored = onStored;
  }

  onAppended(physicalOffset: number, queueOffset: number, storeTimestamp: number): void {
    this.#answer.onAppended(physicalOffset, queueOffset, storeTimestamp);
  }

  onDone(status: PutStatus): void {
    if (isInLog(status)) this.#onStored();
    this.#answer.onDone(status);
  }
}
