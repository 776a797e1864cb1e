import { TransportError } from '@orbitmq/core/kernel';

/** Whether the peer may have executed a request. */
export type Outcome = 'not-sent' | 'unknown';

export function requestTimeout(address: string, code: number | undefined, timeoutMs: number, outcome: Outcome): TransportError {
  const what = outcome === 'unknown' ? 'did not answer' : 'could not be reached for';
  return new TransportError('REQUEST_TIMEOUT', `${address} ${what} ${requestName(code)} within ${Math.round(timeoutMs)} ms`, {
    outcome,
    details: { address, requestCode: code, timeoutMs },
  });
}

export function connectionClosed(
  address: string,
  code: number | undefined,
  outcome: Outcome,
  cause: Error | undefined,
): TransportError {
  const when = outcome === 'unknown' ? 'before the answer to' : 'before the sending of';
  return new TransportError('CONNECTION_CLOSED', `The connection to ${address} closed ${when} ${requestName(code)}`, {
    outcome,
    details: { address, requestCode: code },
    cause,
  });
}

export function tooManyRequests(address: string, what: string, max: number): TransportError {
  return new TransportError('TOO_MANY_REQUESTS', `Too many requests to ${address} at once: ${what}, the limit is ${max}`, {
    outcome: 'not-sent',
    details: { address, max },
  });
}

function requestName(code: number | undefined): string {
  return code === undefined ? 'a request' : `request ${code}`;
}
