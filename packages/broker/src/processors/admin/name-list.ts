/** A list of names in a field of a header (Java: String.split), which has room for half a million of them. */
import { ResponseCode } from '@orbitmq/protocol';

/** Of one list. A broker has fewer topics and groups than a header holds names, and each name costs a look-up and an object. */
export const namesMax = 10_000;

export const tooManyNames = { code: ResponseCode.INVALID_PARAMETER, remark: `a list of names has at most ${namesMax} of them` };

/** The names that are not empty; undefined when the list has more than `namesMax` parts. */
export function namesOf(text: string, separator: string): readonly string[] | undefined {
  const parts = text.split(separator, namesMax + 1);
  return parts.length > namesMax ? undefined : parts.filter((name) => name !== '');
}
