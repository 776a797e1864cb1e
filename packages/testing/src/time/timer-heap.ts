/** One scheduled callback of `VirtualTime`. */
export interface HeapEntry {
  readonly dueMs: number;
  /** Creation order; decides between entries that are due at the same time. */
  readonly sequence: number;
  isCancelled: boolean;
}

function isBefore(left: HeapEntry, right: HeapEntry): boolean {
  return left.dueMs < right.dueMs || (left.dueMs === right.dueMs && left.sequence < right.sequence);
}

/** A binary heap of timers: the earliest first, the older first among equals. A cancelled entry is dropped when it comes to the top. */
export class TimerHeap<Entry extends HeapEntry> {
  readonly #entries: Entry[] = [];

  add(entry: Entry): void {
    const entries = this.#entries;
    let at = entries.length;
    entries.push(entry);
    while (at > 0) {
      const parentAt = (at - 1) >> 1;
      const parent = entries[parentAt] as Entry;
      if (!isBefore(entry, parent)) break;
      entries[at] = parent;
      at = parentAt;
    }
    entries[at] = entry;
  }

  /** The next entry, cancelled ones skipped; it stays in the heap. */
  peek(): Entry | undefined {
    while (this.#entries[0]?.isCancelled === true) this.#removeTop();
    return this.#entries[0];
  }

  /** Removes what `peek` shows. */
  pop(): Entry | undefined {
    const top = this.peek();
    if (top !== undefined) this.#removeTop();
    return top;
  }

  #removeTop(): void {
    const entries = this.#entries;
    const last = entries.pop();
    if (last === undefined || entries.length === 0) return;
    let at = 0;
    for (;;) {
      const leftAt = 2 * at + 1;
      const left = entries[leftAt];
      if (left === undefined) break;
      const right = entries[leftAt + 1];
      const childAt = right !== undefined && isBefore(right, left) ? leftAt + 1 : leftAt;
      const child = entries[childAt] as Entry;
      if (!isBefore(child, last)) break;
      entries[at] = child;
      at = childAt;
    }
    entries[at] = last;
  }
}
