/** One step of the tour: a headline, a time limit, a result. */
export class StepFailed extends Error {
  override readonly name = 'StepFailed';
}

export async function step(name: string, limitMs: number, work: (signal: AbortSignal) => Promise<string>): Promise<void> {
  console.log(`\n${name}`);
  const signal = AbortSignal.timeout(limitMs);
  const tooLate = new Promise<never>((_, reject) => {
    signal.addEventListener('abort', () => reject(new Error(`it did not happen within ${limitMs / 1000} s`)));
  });
  const started = performance.now();
  try {
    const result = await Promise.race([work(signal), tooLate]);
    console.log(`  ✓ ${result} (${Math.round(performance.now() - started)} ms)`);
  } catch (error) {
    throw new StepFailed(name, { cause: error });
  }
}

/** For results that are not as they should be. */
export function expectThat(isTrue: boolean, sentence: string): void {
  if (!isTrue) throw new Error(sentence);
}
