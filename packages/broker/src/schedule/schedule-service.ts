import { type Environment, InvariantError, type Lifecycle, type StopOptions, type Timer } from '@orbitmq/core/kernel';
import { type DataVersion, Permission, SystemTopic } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import { ConfigFile } from '../metadata/config-file.js';
import { initialDataVersion, nextDataVersion } from '../metadata/data-version.js';
import type { FileSystem } from '../store/io/file-system.js';
import { joinPath } from '../store/io/paths.js';
import type { MessageStore } from '../store/message-store.js';
import type { TopicConfigManager } from '../topic/topic-config-manager.js';
import type { OnDelivered } from './count-delivery.js';
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
  /** Called for each message that was delivered. */
  readonly onDelivered?: OnDelivered | undefined;
}

/** Registered with this many queues whatever the table of levels says (page 25 §1.1). */
const scheduleQueueNums = 18;
const hourMs = 3_600_000;
/** Java's default of fileReservedTime: a message may be older than a shorter one that was configured since. */
const reservedHoursMin = 72;

/**
 * Delivers delayed messages (Java: ScheduleMessageService; page 25 §1): one queue per level, each on its own. How far each level is
 * goes to `config/delayOffset.json` every flushDelayOffsetInterval and at the stop; what was delivered since is repeated after a crash.
 * A snapshot of the progress is taken first, then everything put until then is flushed, whatever `flushDiskType` is at that time, then
 * the snapshot is written: a power cut repeats, and loses nothing that was on disk.
 */
export class ScheduleService implements Lifecycle {
  readonly #deps: ScheduleServiceDeps;
  readonly #file: ConfigFile;
  /** By queue id, that is level - 1: those of the table, and those that it no longer has while messages wait there. */
  #queues: ReadonlyMap<number, DelayLevelQueue> = new Map();
  /** Of levels that have no queue here: kept, in case the table gets them back. */
  #otherOffsets: readonly (readonly [number, number])[] = [];
  #dataVersion: DataVersion;
  /** What the file says, or will at the next write. */
  #noted: DelayOffsets = new Map();
  #flushTimer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #isStopped = false;

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
      beforeWrite: () => deps.store.whenFlushed(),
    });
    deps.store.onArrival((topic, queueId) => {
      if (topic === SystemTopic.SCHEDULE) this.#queues.get(queueId)?.wake();
    });
  }

  async start(): Promise<void> {
    const { environment, config, topics, levels } = this.#deps;
    const queueNums = Math.max(scheduleQueueNums, levels.maxLevel);
    const topic = topics.ensure(SystemTopic.SCHEDULE, queueNums, Permission.READ | Permission.WRITE);
    const loaded = await this.#file.load(decodeDelayOffsets);
    const offsets: DelayOffsets = loaded?.offsets ?? new Map();
    this.#dataVersion = loaded?.dataVersion ?? this.#dataVersion;
    this.#noted = offsets;
    this.#queues = this.#openQueues(offsets, Math.max(queueNums, topic.readQueueNums));
    this.#otherOffsets = [...offsets].filter(([level]) => !this.#queues.has(level - 1));
    for (const queue of this.#queues.values()) queue.wake();
    this.#flushTimer = environment.timers.setInterval(() => this.#persistSoon(), config.flushDelayOffsetInterval);
  }

  /**
   * What waits at a level that the table lost since is delivered at its time all the same (Java leaves it where it is); nothing new
   * comes there.
   */
  #openQueues(offsets: DelayOffsets, queueNums: number): Map<number, DelayLevelQueue> {
    const { environment, config, store, levels, batchMax, batchBytesMax, onDelivered } = this.#deps;
    // A message that waits longer would go with its log file.
    const delayMsMax = Math.max(levels.longestMs, Math.max(config.fileReservedTime, reservedHoursMin) * hourMs);
    const queues = new Map<number, DelayLevelQueue>();
    for (let queueId = 0; queueId < queueNums; queueId += 1) {
      const level = queueId + 1;
      const startOffset = offsets.get(level) ?? 0;
      if (level > levels.maxLevel && store.maxOffset(SystemTopic.SCHEDULE, queueId) <= startOffset) continue;
      const deps = { environment, store, level, delayMsMax, batchMax, batchBytesMax, startOffset, onDelivered };
      queues.set(queueId, new DelayLevelQueue(deps));
    }
    return queues;
  }

  /** Level → offset of the next message to deliver; levels without any yet are left out. */
  get offsets(): DelayOffsets {
    return this.#offsets();
  }

  /** The file as it would be now (request 45). */
  describe(): string {
    return encodeDelayOffsets(this.#dataVersion, this.#offsets());
  }

  /** Rejects when the last write failed or waits for a disk that hangs: what was delivered since the write before will be delivered again. */
  async stop(options: StopOptions = {}): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    this.#flushTimer?.cancel();
    await Promise.all(Array.from(this.#queues.values(), (queue) => queue.stop()));
    this.#noteProgress(this.#offsets());
    await this.#file.close(options);
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
    const own = Array.from(this.#queues, ([queueId, queue]) => [queueId + 1, queue.offset] as const);
    return new Map([...this.#otherOffsets, ...own.filter(([, offset]) => offset > 0)]);
  }
}
