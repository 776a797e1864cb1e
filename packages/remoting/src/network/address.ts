export interface HostAndPort {
  readonly host: string;
  readonly port: number;
}

export const portMax = 65_535;

/** True for what can be listened on; 0 picks a free port. */
export function isPort(port: number): boolean {
  return Number.isInteger(port) && port >= 0 && port <= portMax;
}

/**
 * Splits `host:port` at the last colon, as RocketMQ's clients do, so that an IPv6 address needs no brackets (and may have
 * them). Undefined: this is no such address.
 */
export function splitAddress(address: string): HostAndPort | undefined {
  const colonAt = address.lastIndexOf(':');
  const portText = address.slice(colonAt + 1);
  if (colonAt < 1 || !/^\d{1,5}$/.test(portText)) return undefined;
  const port = Number(portText);
  if (port < 1 || port > portMax) return undefined;
  const host = address.slice(0, colonAt);
  const isBracketed = host.startsWith('[') && host.endsWith(']');
  return { host: isBracketed ? host.slice(1, -1) : host, port };
}

const mappedIpv4Prefix = '::ffff:';

/** `ip:port` as it is logged, compared and stored; an IPv4 address that arrived on an IPv6 socket reads as IPv4. */
export function formatAddress(ip: string, port: number): string {
  return `${ip.startsWith(mappedIpv4Prefix) ? ip.slice(mappedIpv4Prefix.length) : ip}:${port}`;
}
