import { ValidationError } from '../kernel/errors.js';
import type { MaybePromise } from './maybe-promise.js';

/** Where a payload failed. */
export type PayloadStage = 'encode' | 'decode' | 'upcast' | 'validate';

export function payloadError(topic: string, stage: PayloadStage, reason: string, cause?: unknown): ValidationError {
  return new ValidationError('PAYLOAD_INVALID', `Payload of topic '${topic}' cannot be ${participle[stage]}: ${reason}`, {
    details: { topic, stage },
    cause,
  });
}

const participle: Readonly<Record<PayloadStage, string>> = {
  encode: 'encoded',
  decode: 'decoded',
  upcast: 'brought to the current version',
  validate: 'accepted',
};

/** Runs user code of one stage; whatever it throws becomes a `PAYLOAD_INVALID` of that stage. */
export function attempt<T>(topic: string, stage: PayloadStage, work: () => MaybePromise<T>): MaybePromise<T> {
  try {
    const result = work();
    return result instanceof Promise ? result.catch((error: unknown) => fail(topic, stage, error)) : result;
  } catch (error) {
    return fail(topic, stage, error);
  }
}

function fail(topic: string, stage: PayloadStage, error: unknown): never {
  throw payloadError(topic, stage, error instanceof Error ? error.message : String(error), error);
}
