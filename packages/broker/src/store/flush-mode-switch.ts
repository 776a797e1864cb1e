import type { BrokerConfig } from '../config/broker-config.js';

export type FlushDiskType = BrokerConfig['flushDiskType'];

/** Changes `flushDiskType` of a running store (Java: updateBrokerConfig, which takes effect for the next put as well). */
export interface FlushModeSwitch {
  /** What the next put is promised. */
  readonly flushDiskType: FlushDiskType;
  /**
   * From this call on every put has the new durability; what was put before keeps what it was promised. Resolves when all
   * that is readable has it too: with SYNC_FLUSH after one flush. Rejects with a `StoreError` when that failed, or with a
   * `StateError` `NOT_STARTED`.
   */
  setFlushDiskType(flushDiskType: FlushDiskType): Promise<void>;
}
