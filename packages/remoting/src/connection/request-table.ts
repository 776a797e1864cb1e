import type { RemotingCommand } from '@orbitmq/protocol';

const slotsMin = 8;
/** Of a table that was never used, as most connections' are; one empty slot, so that searches find their end. */
const noSlots: (RemotingCommand | undefined)[] = [undefined];

/**
 * A set of requests, by identity; their numbers, which the other end chose and may repeat, only say where to look. Open
 * addressing, at most half full. Not a `Set`: see `CallTable`; here the collector would keep the requests with all the bytes
 * they came in.
 */
export class RequestTable {
  #slots: (RemotingCommand | undefined)[] = noSlots;
  #mask = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** It must not be in the table yet. */
  add(request: RemotingCommand): void {
    if ((this.#size + 1) * 2 > this.#slots.length) this.#grow();
    this.#put(request);
    this.#size += 1;
  }

  /** False: it was not in the table. */
  remove(request: RemotingCommand): boolean {
    const slots = this.#slots;
    let at = request.opaque & this.#mask;
    for (let entry = slots[at]; entry !== request; entry = slots[at]) {
      if (entry === undefined) return false;
      at = (at + 1) & this.#mask;
    }
    this.#empty(at);
    this.#size -= 1;
    return true;
  }

  clear(): void {
    this.#slots = noSlots;
    this.#mask = 0;
    this.#size = 0;
  }

  #put(request: RemotingCommand): void {
    let at = request.opaque & this.#mask;
    while (this.#slots[at] !== undefined) at = (at + 1) & this.#mask;
    this.#slots[at] = request;
  }

  /** Moves back what stands behind only because its own place was taken, so that no search ends too early. */
  #empty(at: number): void {
    const slots = this.#slots;
    let hole = at;
    let next = (at + 1) & this.#mask;
    for (let entry = slots[next]; entry !== undefined; entry = slots[next]) {
      const home = entry.opaque & this.#mask;
      if (((next - home) & this.#mask) >= ((next - hole) & this.#mask)) {
        slots[hole] = entry;
        hole = next;
      }
      next = (next + 1) & this.#mask;
    }
    slots[hole] = undefined;
  }

  #grow(): void {
    const old = this.#slots;
    this.#slots = emptySlots(Math.max(old.length * 2, slotsMin));
    this.#mask = this.#slots.length - 1;
    for (const request of old) if (request !== undefined) this.#put(request);
  }
}

/** Filled, so that the array has no holes. */
function emptySlots(count: number): (RemotingCommand | undefined)[] {
  return Array.from<RemotingCommand | undefined>({ length: count }).fill(undefined);
}
