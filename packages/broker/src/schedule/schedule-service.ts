import { type Environment, InvariantError, type Lifecycle, type StopOptions, StoreError, type Timer } from '@orbitmq/core/kernel';
import { type DataVersion, Permission, SystemTopic } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import { ConfigFile } from '../metadata/config-file.js';
import { initialDataVersion, nextDataVersion } from '../metadata/data-version.js';
import type { FileSystem } from '../store/io/file-system.js';
import { joinPath } from '../store/io/paths.js';
import type { MessageStore } from '../store/message-store.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import { DelayLevelQueue } from './delay-level-queue.js';
import type { DelayLevels } from './delay-levels.js';
import { type DelayOffsets, decodeDelayOffsets, encodeDelayOffsets } from './delay-offset-json.js';

export interface ScheduleServiceDeps {
  readonly environment: Environment;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly topics: TopicConfigManager;
  readonly fileSystem: FileSystem;
  readonly levels: DelayLevels;
  readonly batchMax: number;
  readonly batchBytesMax: number;
}

/** Registered with this many queues whatever the table of levels says (page 25 §1.1). */
const scheduleQueueNums = 18;
/** How long `stop` waits for the last write when its caller names no deadline. */
const stopDeadlineMsDefault = 10_000;

/**
 * Delivers delayed messages (Java: ScheduleMessageService; page 25 §1): one queue per level, each on its own. How far each level is
 * goes to `config/delayOffset.json` every flushDelayOffsetInterval and at the stop; what was delivered since is repeated after a crash.
 * A snapshot of the progress is taken first, then everything put until then is flushed, whatever `flushDiskType` is at that time, then
 * the snapshot is written: a power cut repeats, and loses nothing that was on disk.
 */
export class ScheduleService implements Lifecycle {
  readonly #deps: ScheduleServiceDeps;
  readonly #file: ConfigFile;
  /** By queue id, that is level - 1. */
  #queues: readonly DelayLevelQueue[] = [];
  /** Of levels that the table no longer has: kept, in case it gets them back. */
  #otherOffsets: readonly (readonly [number, number])[] = [];
  #dataVersion: DataVersion;
  /** What the file says, or will at the next write. */
  #noted: DelayOffsets = new Map();
  #flushTimer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #isStopped = false;
  #isAbandoned = false;

  constructor(deps: ScheduleServiceDeps) {
    this.#deps = deps;
    const { environment, fileSystem, config } = deps;
    this.#dataVersion = initialDataVersion(environment.clock);
    this.#file = new ConfigFile({
      environment,
      fileSystem,
      directory: joinPath(config.storePathRootDir, 'config'),
      name: 'delayOffset.json',
      encode: () => encodeDelayOffsets(this.#dataVersion, this.#noted),
      beforeWrite: () => this.#flushLog(),
    });
    deps.store.onArrival((topic, queueId) => {
      if (topic === SystemTopic.SCHEDULE) this.#queues[queueId]?.wake();
    });
  }

  async start(): Promise<void> {
    const { environment, config, store, topics, levels, batchMax, batchBytesMax } = this.#deps;
    topics.ensure(SystemTopic.SCHEDULE, Math.max(scheduleQueueNums, levels.maxLevel), Permission.READ | Permission.WRITE);
    const loaded = await this.#file.load(decodeDelayOffsets);
    const offsets: DelayOffsets = loaded?.offsets ?? new Map();
    this.#dataVersion = loaded?.dataVersion ?? this.#dataVersion;
    this.#noted = offsets;
    this.#otherOffsets = [...offsets].filter(([level]) => level < 1 || level > levels.maxLevel);
    this.#queues = Array.from({ length: levels.maxLevel }, (_, queueId) => {
      const level = queueId + 1;
      const startOffset = offsets.get(level) ?? 0;
      return new DelayLevelQueue({
        environment,
        store,
        level,
        delayMs: levels.delayMs(level),
        batchMax,
        batchBytesMax,
        startOffset,
      });
    });
    for (const queue of this.#queues) queue.wake();
    this.#flushTimer = environment.timers.setInterval(() => this.#persistSoon(), config.flushDelayOffsetInterval);
  }

  /** Rejects when the last write failed or waits for a disk that hangs: what was delivered since the write before will be delivered again. */
  async stop(options: StopOptions = {}): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#flushTimer?.cancel();
    await Promise.all(this.#queues.map((queue) => queue.stop()));
    this.#noteProgress(this.#offsets());
    const written = this.#file.persist();
    const deadlineMs = options.deadlineMs ?? stopDeadlineMsDefault;
    await new Promise<void>((resolve, reject) => {
      const deadline = this.#deps.environment.timers.setTimeout(() => {
        this.#isAbandoned = true;
        reject(
          new StoreError(
            'STORE_IO_FAILED',
            `The progress of delayed messages was not written within ${deadlineMs} ms: the disk is busy`,
          ),
        );
      }, deadlineMs);
      written.then(resolve, reject).finally(() => deadline.cancel());
    });
  }

  async #flushLog(): Promise<void> {
    await this.#deps.store.whenFlushed();
    if (this.#isAbandoned) throw new StoreError('STORE_IO_FAILED', 'Delay offsets are not written after the stop');
  }

  /** One write at a time: while the disk hangs, the next ones need not wait as well. */
  #persistSoon(): void {
    if (this.#writing !== undefined) return;
    this.#noteProgress(this.#offsets());
    this.#writing = this.#file
      .persist()
      .catch((error: unknown) => {
        if (error instanceof InvariantError) throw error;
        this.#deps.environment.logger.error('the progress of delayed messages could not be written; it will be tried again', {
          error,
        });
      })
      .finally(() => {
        this.#writing = undefined;
      });
  }

  /** Nothing is written while nothing moves. */
  #noteProgress(offsets: DelayOffsets): void {
    const isSame =
      offsets.size === this.#noted.size && [...offsets].every(([level, offset]) => this.#noted.get(level) === offset);
    if (isSame) return;
    this.#noted = offsets;
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#deps.environment.clock);
    this.#file.changed();
  }

  #offsets(): DelayOffsets {
    const own = this.#queues.map((queue, queueId) => [queueId + 1, queue.offset] as const);
    return new Map([...this.#otherOffsets, ...own.filter(([, offset]) => offset > 0)]);
  }
}
