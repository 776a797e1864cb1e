/** I7: a queue is locked for one client of a group at a time. */
import { isMqError } from '@orbitmq/core/kernel';
import { decodeLockBatch, type LockBatchBody, type MessageQueue } from '@orbitmq/protocol';

interface Grant {
  readonly clientId: string;
  readonly saidMs: number;
  readonly heardMs: number;
}

/** It has its effect at any time until it is answered, which it may never be. */
export interface Unlocking {
  readonly said: LockBatchBody;
  heardMs: number;
}

/** Page 05 §5; renewed by each request. */
const lockedMs = 60_000;

/** The body of a request that locks or unlocks; undefined for what the broker cannot read either. */
export function readLockBody(body: Buffer | undefined): LockBatchBody | undefined {
  try {
    return decodeLockBatch(body ?? Buffer.alloc(0));
  } catch (error) {
    if (!isMqError(error)) throw error;
    return undefined;
  }
}

export class LockWatch {
  readonly #grants = new Map<string, Grant[]>();
  readonly #unlockings: Unlocking[] = [];

  unlock(said: LockBatchBody): Unlocking {
    const unlocking = { said, heardMs: Number.POSITIVE_INFINITY };
    this.#unlockings.push(unlocking);
    return unlocking;
  }

  /** `queues` were granted. Sentences about those that another client had from before this was said until after it was heard. */
  granted(
    { clientId, consumerGroup }: LockBatchBody,
    queues: readonly MessageQueue[],
    saidMs: number,
    heardMs: number,
  ): string[] {
    const wrong: string[] = [];
    for (const queue of queues) {
      const key = keyOf(consumerGroup, queue);
      const before = this.#grants.get(key) ?? [];
      const other = before.find(
        (grant) =>
          grant.clientId !== clientId &&
          grant.heardMs < saidMs &&
          heardMs < grant.saidMs + lockedMs &&
          !this.#mayBeUnlocked(key, grant),
      );
      if (other !== undefined) wrong.push(`I7 ${key} is locked by ${other.clientId} and by ${clientId}`);
      this.#grants.set(key, [...before, { clientId, saidMs, heardMs }]);
    }
    return wrong;
  }

  #mayBeUnlocked(key: string, { clientId, saidMs }: Grant): boolean {
    return this.#unlockings.some(
      ({ heardMs, said }) =>
        said.clientId === clientId && heardMs >= saidMs && said.queues.some((queue) => keyOf(said.consumerGroup, queue) === key),
    );
  }
}

function keyOf(group: string, { queueId, topic }: MessageQueue): string {
  return `${topic}@${queueId} of ${group}`;
}
