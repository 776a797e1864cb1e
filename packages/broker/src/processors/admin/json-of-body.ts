import { ProtocolError } from '@orbitmq/core/kernel';
import { type JsonValue, parseFastjson } from '@orbitmq/protocol';

/** What reading the body of an operator's request may cost. */
const bodyBytesMax = 1024 * 1024;
const bodyValuesMax = 100_000;

/** Throws a `ProtocolError` `BODY_INVALID`. */
export function jsonOfBody(body: Buffer): JsonValue {
  if (body.length > bodyBytesMax) {
    throw new ProtocolError('BODY_INVALID', `the body has ${body.length} bytes, allowed are ${bodyBytesMax}`, {
      details: { sizeBytes: body.length, bodyBytesMax },
    });
  }
  return parseFastjson(body.toString('utf8'), { valuesMax: bodyValuesMax });
}
