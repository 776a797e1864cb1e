/** Where time comes from. The system clock is in `system.ts`; tests and simulations bring a virtual one. */
export interface Clock {
  /** Wall-clock milliseconds since the epoch. May jump either way: only for timestamps that are stored or shown. */
  now(): number;
  /** Milliseconds since an arbitrary start, with fractions. Never goes back: for every deadline, lease and duration. */
  monotonic(): number;
}
