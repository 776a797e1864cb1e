import { ProtocolError } from '@orbitmq/core/kernel';
import { type JsonValue, parseFastjsonSteps, type Steps } from '@orbitmq/protocol';

/** What reading the body of an operator's request may cost. */
const bodyBytesMax = 1024 * 1024;
const bodyValuesMax = 100_000;

/** Throws a `ProtocolError` `BODY_INVALID`. */
export function* jsonOfBodySteps(body: Buffer): Steps<JsonValue> {
  if (body.length > bodyBytesMax) {
    throw new ProtocolError('BODY_INVALID', `the body has ${body.length} bytes, allowed are ${bodyBytesMax}`, {
      details: { sizeBytes: body.length, bodyBytesMax },
    });
  }
  return yield* parseFastjsonSteps(body.toString('utf8'), { valuesMax: bodyValuesMax });
}
