/** The timer on virtual time, a disk in memory and a store of arrays. */
import type { MessageExt } from '@orbitmq/protocol';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { TimerService, type TimerServiceDeps, type TimerSettings } from '../timer/timer-service.js';
import { timerUnitBytes } from '../timer/timer-unit.js';
import { FakeMessageStore } from './fake-message-store.js';
import { putTimedMessage } from './put-timed-message.js';
import { topicConfigOf } from './topic-config-of.js';

export interface TimerBed {
  readonly environment: VirtualEnvironment;
  readonly fileSystem: MemoryFileSystem;
  readonly store: FakeMessageStore;
  readonly timer: TimerService;
}

export interface TimerBedOptions {
  readonly previous?: Pick<TimerBed, 'environment' | 'fileSystem' | 'store'>;
  readonly settings?: Partial<TimerSettings>;
  readonly batchMax?: number;
  readonly onDelivered?: TimerServiceDeps['onDelivered'];
  /** Default: every topic is there. */
  readonly hasTopic?: (topic: string) => boolean;
}

export async function timerBed(options: TimerBedOptions = {}): Promise<TimerBed> {
  const { previous, settings, batchMax = 256, onDelivered } = options;
  const environment = previous?.environment ?? virtualEnvironment(1);
  const fileSystem = previous?.fileSystem ?? new MemoryFileSystem();
  const { clock, timers } = environment;
  const { hasTopic = () => true } = options;
  const store = previous?.store ?? new FakeMessageStore({ clock, timers, tagsCodeOf: () => 0 });
  const timer = new TimerService({
    environment,
    store,
    topics: { ensure: () => undefined, get: (topic) => (hasTopic(topic) ? topicConfigOf(topic) : undefined) },
    fileSystem,
    settings: {
      storePathRootDir: '/store',
      precisionMs: 1000,
      rollWindowSlots: () => 172_800,
      flushIntervalMs: 1000,
      logFileBytes: 100 * timerUnitBytes + 16,
      ...settings,
    },
    batchMax,
    batchBytesMax: 4_194_304,
    onDelivered,
  });
  await environment.time.settle(timer.start());
  return { environment, fileSystem, store, timer };
}

/** A broker on what a killed one left, or on what one left that was stopped. */
export function successor({ environment, fileSystem, store }: TimerBed, options: TimerBedOptions = {}): Promise<TimerBed> {
  return timerBed({ ...options, previous: { environment, fileSystem, store: store.survivor() } });
}

/** As the send path stores it. */
export function put(
  { store, environment }: TimerBed,
  body: string,
  delayMs: number,
  properties?: Readonly<Record<string, string>>,
): void {
  putTimedMessage(store, { body, deliverMs: environment.clock.now() + delayMs, properties });
}

export const delivered = ({ store }: TimerBed): MessageExt[] => store.messages('TopicT');
export const bodies = (bed: TimerBed): string[] => delivered(bed).map(({ body }) => body.toString());
