/**
 * One walk over the broker's tables that collects texts for an answer. Invariants: others have their turn after so many entries,
 * whatever table they are of; what is kept is never more than a frame holds and one text.
 */
import type { Timers } from '@orbitmq/core/kernel';
import { nextTurn } from '../../metadata/next-turn.js';
import { Turns } from '../../metadata/turns.js';
import { tableBytesMax } from './table-answer.js';

export class TableWalk {
  readonly #turns: Turns;
  #charsLeft = tableBytesMax;

  constructor(timers: Timers) {
    this.#turns = new Turns(() => nextTurn(timers));
  }

  /** Counts one entry; what to wait for when others are due. */
  step(): Promise<void> | undefined {
    return this.#turns.step();
  }

  /** Counts what is kept for the answer. A character has a byte or more: the frame's limit is asked again at the end. */
  keep(text: string): void {
    this.#charsLeft -= text.length + 1;
  }

  /** No frame holds what was kept: the walk may end. */
  get isFull(): boolean {
    return this.#charsLeft < 0;
  }
}
