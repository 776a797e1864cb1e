import type { Environment } from '@orbitmq/core/kernel';
import type { BrokerConfig } from '../config/broker-config.js';
import type { FileSystem } from '../store/io/file-system.js';
import type { MessageStore, MessageToStore } from '../store/message-store.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { TimerDoor } from './timer-door.js';
import { rollWindowSlots } from './timer-roll-rule.js';
import { TimerService, type TimerStatus } from './timer-service.js';
import type { WheelLoad } from './timer-wheel.js';

export interface TimerOptions {
  readonly environment: Environment;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
  readonly fileSystem: FileSystem;
  readonly batchMax: number;
  readonly batchBytesMax: number;
  readonly onDelivered: (message: MessageToStore) => void;
}

/** The timed messages of a broker. */
export interface BrokerTimer {
  readonly door: TimerDoor;
  /** To be started with the store; undefined without `timerWheelEnable`. */
  readonly service: TimerService | undefined;
  readonly status: TimerStatus;
}

const noLoad: WheelLoad = { messages: 0, cancellations: 0 };

const noTimer: TimerStatus = {
  readBehindMs: 0,
  offsetBehind: 0,
  pendingCount: 0,
  enqueuedCount: 0,
  dequeuedCount: 0,
  cancelledCount: 0,
  enqueuedPerSecond: 0,
  dequeuedPerSecond: 0,
  lostCount: 0,
};

export function createTimer(options: TimerOptions): BrokerTimer {
  const { environment, config } = options;
  const { clock, random } = environment;
  const door: TimerDoor = new TimerDoor({ clock, random, config, loadOf: (tickMs) => service?.loadOf(tickMs) ?? noLoad });
  const { precisionMs } = door;
  const service = config.timerWheelEnable
    ? new TimerService({
        ...options,
        settings: {
          storePathRootDir: config.storePathRootDir,
          precisionMs,
          rollWindowSlots: () => rollWindowSlots(config.timerRollWindowSlot, config.fileReservedTime, precisionMs),
          flushIntervalMs: config.timerFlushIntervalMs,
          logFileBytes: config.mappedFileSizeTimerLog,
        },
      })
    : undefined;
  return {
    door,
    service,
    get status() {
      return service?.status ?? noTimer;
    },
  };
}
