import type { MessageStore, MessageToStore, PutStatus, PutWaiter } from './message-store.js';

/**
 * A put for everything but the send path. Its place in the log is known at once, its end by `done`, which never rejects.
 * What is put right after it in the same turn comes behind it in the log, so it never outlives it.
 */
export class StartedPut implements PutWaiter {
  /** -1 when nothing was stored. */
  physicalOffset = -1;
  queueOffset = -1;
  storeTimestamp = -1;
  /** The configured durability is reached, or the put failed. */
  readonly done: Promise<PutStatus>;
  readonly keepsPlace: boolean;
  #resolve: (status: PutStatus) => void = () => {};

  private constructor(keepsPlace: boolean) {
    this.keepsPlace = keepsPlace;
    this.done = new Promise((resolve) => {
      this.#resolve = resolve;
    });
  }

  static of(store: MessageStore, message: MessageToStore): StartedPut {
    const put = new StartedPut(false);
    store.putMessage(message, put);
    return put;
  }

  /** One whose place is built on before `done`: a full disk does not take it back (see `PutWaiter.keepsPlace`). */
  static kept(store: MessageStore, message: MessageToStore): StartedPut {
    const put = new StartedPut(true);
    store.putMessage(message, put);
    return put;
  }

  get isAppended(): boolean {
    return this.physicalOffset >= 0;
  }

  onAppended(physicalOffset: number, queueOffset: number, storeTimestamp: number): void {
    this.physicalOffset = physicalOffset;
    this.queueOffset = queueOffset;
    this.storeTimestamp = storeTimestamp;
  }

  onDone(status: PutStatus): void {
    this.#resolve(status);
  }
}

/** The message is in the log and will be delivered, if not yet at the configured durability (codes 0 and 10). */
export function isStored(status: PutStatus): boolean {
  return status === 'PUT_OK' || status === 'FLUSH_DISK_TIMEOUT';
}
