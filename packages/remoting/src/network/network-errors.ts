import { TransportError } from '@orbitmq/core/kernel';

/** No connection came about, so nothing was sent. */
export function connectFailed(address: string, reason: string, cause?: unknown): TransportError {
  return new TransportError('CONNECT_FAILED', `Cannot connect to ${address}: ${reason}`, {
    outcome: 'not-sent',
    details: { address },
    cause,
  });
}

/** Another program, or another part of this one, has the port. */
export function addressInUse(host: string, port: number, cause?: unknown): TransportError {
  return new TransportError(
    'ADDRESS_IN_USE',
    `Port ${port} on ${host} is already in use. Stop the process that listens there, or configure another port.`,
    { outcome: 'not-sent', retryable: false, details: { host, port }, cause },
  );
}

/** The operating system refuses the address for a reason other than its being in use. */
export function listenFailed(host: string, port: number, reason: string, cause?: unknown): TransportError {
  return new TransportError('LISTEN_FAILED', `Cannot listen on ${host}:${port}: ${reason}.`, {
    outcome: 'not-sent',
    retryable: false,
    details: { host, port },
    cause,
  });
}

export function notAPort(host: string, port: number): TransportError {
  return listenFailed(host, port, 'a port is a number from 0 to 65535');
}
