/** GET_BROKER_RUNTIME_INFO (28) (Java: AdminBrokerProcessor.getBrokerRuntimeInfo; page 32 §3.1): gathers the figures of now. */
import type { Logger } from '@orbitmq/core/kernel';
import {
  createResponse,
  encodeKvTable,
  ownVersion,
  ownVersionName,
  type RemotingCommand,
  ResponseCode,
  SystemTopic,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../../config/broker-config.js';
import type { BrokerStats } from '../../../stats/broker-stats.js';
import type { StoreStats } from '../../../stats/store-stats.js';
import type { FileSystem } from '../../../store/io/file-system.js';
import type { MessageStore } from '../../../store/message-store.js';
import type { StoreMaintenance } from '../../../store/store-maintenance.js';
import { storePaths } from '../../../store/store-paths.js';
import { type RuntimeFigures, runtimeInfo, type TimerFigures } from './runtime-info.js';

/** What the message part tells of itself. */
export interface RuntimeGauges {
  readonly sendsInFlight: () => number;
  /** Replies of request/reply that are being handed on. Absent: not known. */
  readonly repliesInFlight?: (() => number) | undefined;
  readonly queriesInFlight: () => number;
  readonly queryInFlightMax: number;
  readonly pullHoldMax: number;
  /** Delay level → offset of the next message to deliver. */
  readonly delayOffsets: () => ReadonlyMap<number, number>;
  readonly timer: () => TimerFigures;
}

export interface RuntimeInfoProcessorOptions {
  readonly config: BrokerConfig;
  readonly logger: Logger;
  readonly fileSystem: Pick<FileSystem, 'usage'>;
  readonly store: Pick<MessageStore, 'minPhysicalOffset' | 'maxPhysicalOffset' | 'maxOffset' | 'lookMessage'>;
  readonly maintenance: Pick<StoreMaintenance, 'diskUsage' | 'logProgress'>;
  readonly stats: Pick<BrokerStats, 'totals'>;
  readonly storeStats: StoreStats;
  readonly gauges: RuntimeGauges;
}

const rateSpansSeconds = [10, 60, 600] as const;

export class RuntimeInfoProcessor implements RequestProcessor {
  readonly #options: RuntimeInfoProcessorOptions;
  /** Requests that come while one reads the disk get its answer: a thousand of them cost one. */
  #running: Promise<Buffer> | undefined;

  constructor(options: RuntimeInfoProcessorOptions) {
    this.#options = options;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    this.#running ??= this.#body().finally(() => {
      this.#running = undefined;
    });
    const body = await this.#running;
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body }));
  }

  async #body(): Promise<Buffer> {
    const [capacity, earliestTimestamp] = await Promise.all([this.#capacity(), this.#earliestTimestamp()]);
    return encodeKvTable(runtimeInfo(this.#figures(capacity, earliestTimestamp)));
  }

  #figures(capacity: RuntimeFigures['capacity'], earliestTimestamp: number): RuntimeFigures {
    const { config, gauges, maintenance, stats, store, storeStats } = this.#options;
    const rates = (name: string): number[] => rateSpansSeconds.map((seconds) => storeStats.rates.perSecond(name, seconds));
    const { appendedEnd, flushedEnd } = maintenance.logProgress;
    return {
      version: { ordinal: ownVersion, name: ownVersionName },
      bootTimestamp: storeStats.bootTimestamp,
      sendsAcceptedFrom: config.startAcceptSendRequestTimeStamp,
      uptimeMs: storeStats.uptimeMs,
      puts: {
        count: storeStats.putCount,
        sizeBytes: storeStats.putBytes,
        failures: storeStats.putFailures,
        maxMs: storeStats.putTimes.maxMs,
        distribution: storeStats.putTimes.text(),
        below99Ms: storeStats.putPercentiles.below(0.99),
        below999Ms: storeStats.putPercentiles.below(0.999),
      },
      readMaxMs: storeStats.readMaxMs,
      rates: { put: rates('put'), found: rates('found'), missed: rates('missed'), transferred: rates('transferred') },
      days: { ...edgesOf(storeStats), now: stats.totals },
      log: {
        minOffset: store.minPhysicalOffset,
        maxOffset: store.maxPhysicalOffset,
        appendedEnd,
        flushedEnd,
        earliestTimestamp,
        directory: storePaths(config).commitLog,
      },
      disk: maintenance.diskUsage,
      capacity,
      delayLevels: [...gauges.delayOffsets()].map(
        ([level, offset]) => [level, offset, store.maxOffset(SystemTopic.SCHEDULE, level - 1)] as const,
      ),
      timer: gauges.timer(),
      sends: { size: gauges.sendsInFlight(), capacity: config.sendThreadPoolQueueCapacity },
      pulls: { size: 0, capacity: gauges.pullHoldMax },
      queries: { size: gauges.queriesInFlight(), capacity: gauges.queryInFlightMax },
    };
  }

  async #capacity(): Promise<RuntimeFigures['capacity']> {
    const { config, fileSystem, logger } = this.#options;
    const directory = storePaths(config).commitLog;
    try {
      const usage = await fileSystem.usage(directory);
      if (usage === undefined) return undefined;
      return { totalBytes: usage.usedBytes + usage.availableBytes, freeBytes: usage.availableBytes };
    } catch (error) {
      logger.warn('cannot read how large the disk is', { directory, error });
      return undefined;
    }
  }

  async #earliestTimestamp(): Promise<number> {
    const { store } = this.#options;
    if (store.minPhysicalOffset >= store.maxPhysicalOffset) return -1;
    return (await store.lookMessage(store.minPhysicalOffset))?.storeTimestamp ?? -1;
  }
}

function edgesOf({ days }: StoreStats): Pick<RuntimeFigures['days'], 'todayMorning' | 'yesterdayMorning'> {
  return { todayMorning: days.todayMorning, yesterdayMorning: days.yesterdayMorning };
}
