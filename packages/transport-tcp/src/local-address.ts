import { networkInterfaces } from 'node:os';

/**
 * An address that others may know this host by (Java: NetworkUtil.getLocalAddress): the first IPv4 one that is not the
 * loopback's, else an IPv6 one, else the loopback. Only tools and people look at it.
 */
export function localAddress(): string {
  const addresses = Object.values(networkInterfaces()).flatMap((entries) => entries ?? []);
  const outside = addresses.filter((entry) => !entry.internal && !entry.address.startsWith('fe80:'));
  const chosen = outside.find((entry) => entry.family === 'IPv4') ?? outside[0];
  return chosen?.address ?? '127.0.0.1';
}
