/** A broken invariant: a defect of OrbitMQ itself. It is never caught below a program's entry point; the process ends. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Asserts what must always hold; costs one comparison, so it stays on in production. */
export function invariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(message);
}
