import type { Clock, Random } from '@orbitmq/core/kernel';

export interface ClientIdOptions {
  /** IPv4 or IPv6 address of this host, as brokers should show it. */
  readonly clientIp: string;
  readonly processId: number;
  /** Fixed name instead of `pid#number`; it must be unique among the processes of a group on this host. */
  readonly instanceName?: string | undefined;
  readonly clock: Clock;
  readonly random: Random;
}

/**
 * `ip@pid#number` (Java: ClientConfig.buildMQClientId with changeInstanceNameToPID). Two members of a group with one id
 * would take the same queues, so the number joins the wall clock with chance.
 */
export function createClientId(options: ClientIdOptions): string {
  const { clientIp, processId, instanceName, clock, random } = options;
  if (instanceName !== undefined) return `${clientIp}@${instanceName}`;
  const chance = String(random.int(1_000_000)).padStart(6, '0');
  return `${clientIp}@${processId}#${Math.trunc(clock.now())}${chance}`;
}
