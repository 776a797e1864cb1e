/** Codes as labels have them: their names, in lower case (Java: RemotingHelper.getRequestCodeDesc and its like). */
import { RequestCode, ResponseCode } from '@orbitmq/protocol';

/** What is no code of RocketMQ's has one name: clients choose the number. */
const unknownName = 'unknown';

function namesOf(codes: Readonly<Record<string, number>>): ReadonlyMap<number, string> {
  return new Map(Object.entries(codes).map(([name, code]) => [code, name.toLowerCase()]));
}

const requestNames = namesOf(RequestCode);
const responseNames = namesOf(ResponseCode);

export function requestCodeName(code: number): string {
  return requestNames.get(code) ?? unknownName;
}

export function responseCodeName(code: number): string {
  return responseNames.get(code) ?? unknownName;
}
