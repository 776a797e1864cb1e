/**
 * How much the collector of V8 lets pile up between two full collections. Memory outside the heap (what sockets read, the log's
 * tail) counts as well, and beside a live heap of a few MiB it made V8 collect everything some ten times a second, which took
 * a third of the broker's CPU. Three times the live heap is less than V8 allows itself when it is busy.
 */
import { setFlagsFromString } from 'node:v8';

/** Only for a process of its own: in an application the heap is not ours to set. */
export function paceHeap(): void {
  setFlagsFromString('--heap-growing-percent=200');
}
