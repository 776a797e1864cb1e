/**
 * Ours, beside the header of a registration: which part of a table it carries. Without it a NameServer with
 * `deleteTopicWithBrokerRegistration` would take each part for the whole table. Apache's ignores the field.
 */
import { ProtocolError } from '@orbitmq/core/kernel';

export const registrationPartField = 'orbitmqPart';

export interface RegistrationPartMark {
  /** From 0. */
  readonly index: number;
  readonly count: number;
}

export function encodePartMark({ index, count }: RegistrationPartMark): string {
  return `${index + 1}/${count}`;
}

/** Throws a `ProtocolError`. */
export function decodePartMark(text: string): RegistrationPartMark {
  const [, number = 0, count = 0] = (/^(\d{1,9})\/(\d{1,9})$/.exec(text) ?? []).map(Number);
  if (number < 1 || number > count) {
    throw new ProtocolError('HEADER_INVALID', `${registrationPartField} is "${text.slice(0, 100)}" and not a part such as "1/3"`);
  }
  return { index: number - 1, count };
}
