/** What the looks of one turn may cost together, in bytes looked at: some milliseconds. */
const turnCostMax = 4_000_000;
/** About what finding the message costs, beside the look of the filter. */
const lookCost = 1000;

/** Bounds how long filters look at new messages in one turn, however many pulls are parked. */
export class LookBudget {
  #spent = 0;

  get isSpent(): boolean {
    return this.#spent > turnCostMax;
  }

  spend(filterCost: number): void {
    if (this.#spent === 0) queueMicrotask(() => (this.#spent = 0));
    this.#spent += lookCost + filterCost;
  }
}
