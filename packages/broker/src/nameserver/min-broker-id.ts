/**
 * Who is told when the lowest broker id of a broker name changes, which decides who acts as the master (Java:
 * RouteInfoManager.notifyMinBrokerIdChanged; page 02 §8).
 */
import type { NotifyMinBrokerIdChangeHeader } from '@orbitmq/protocol';

export interface MinBrokerIdChange {
  readonly brokerName: string;
  /** Those that are there now, by id; not empty. */
  readonly brokerAddrs: ReadonlyMap<number, string>;
  /** The one that went; undefined when one came. */
  readonly offlineBrokerAddr: string | undefined;
  /** Of the one that came. */
  readonly haBrokerAddr: string | undefined;
}

export interface MinBrokerIdNotice {
  readonly header: NotifyMinBrokerIdChangeHeader;
  readonly addresses: readonly string[];
}

/** When one went, and when one came alone, all are told; when one came to others, the others. */
export function noticeOf(change: MinBrokerIdChange): MinBrokerIdNotice {
  const { brokerName, brokerAddrs, offlineBrokerAddr, haBrokerAddr } = change;
  const minBrokerId = Math.min(...brokerAddrs.keys());
  const isForAll = offlineBrokerAddr !== undefined || brokerAddrs.size === 1;
  return {
    header: { minBrokerId, brokerName, minBrokerAddr: brokerAddrs.get(minBrokerId), offlineBrokerAddr, haBrokerAddr },
    addresses: [...brokerAddrs].filter(([id]) => isForAll || id !== minBrokerId).map(([, address]) => address),
  };
}
