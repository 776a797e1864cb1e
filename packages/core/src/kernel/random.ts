/** Where chance comes from, so that a simulation can replay it from a seed. */
export interface Random {
  /** A number in [0, 1). */
  next(): number;
  /** An integer in [0, exclusiveMax). */
  int(exclusiveMax: number): number;
  /** `length` random bytes. */
  bytes(length: number): Uint8Array;
  /** A random (version 4) UUID in lower case. */
  uuid(): string;
}
