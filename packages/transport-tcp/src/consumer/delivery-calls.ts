import type { DeliveryCall } from './delivery-call.js';

/**
 * The calls of handlers that have not ended, oldest first: a list whose links are in the calls. Not a `Set`, for the reason that
 * `CallTable` of remoting gives for `Map`: the collector would keep ended calls, with their messages and the bytes these came in.
 */
export class DeliveryCalls implements Iterable<DeliveryCall> {
  #oldest: DeliveryCall | undefined;
  #newest: DeliveryCall | undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(call: DeliveryCall): void {
    call.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = call;
    else this.#newest.newer = call;
    this.#newest = call;
    this.#size += 1;
  }

  /** It must be in the list. */
  remove(call: DeliveryCall): void {
    const { older, newer } = call;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    call.older = undefined;
    call.newer = undefined;
    this.#size -= 1;
  }

  /** The call at hand may be removed meanwhile; no other one. */
  *[Symbol.iterator](): Generator<DeliveryCall> {
    let call = this.#oldest;
    while (call !== undefined) {
      const { newer } = call;
      yield call;
      call = newer;
    }
  }
}
