/** How full the store is, and how far its disk is behind (page 34 §3.2). */
import type { Clock, Logger } from '@orbitmq/core/kernel';
import type { FileSystem } from '../store/io/file-system.js';
import type { MessageStore } from '../store/message-store.js';
import type { StoreMaintenance } from '../store/store-maintenance.js';
import { gauge, type MetricFamily } from './metric-family.js';

export interface StorageSources {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly fileSystem: Pick<FileSystem, 'usage'>;
  /** On the partition that is measured. */
  readonly directory: string;
  readonly store: Pick<MessageStore, 'minPhysicalOffset' | 'maxPhysicalOffset' | 'lookMessage'>;
  readonly maintenance: Pick<StoreMaintenance, 'logProgress'>;
}

/** Of every series that is about files. */
export const storageLabels = { storage_medium: 'disk', storage_type: 'local' } as const;

export async function storageFamilies(sources: StorageSources): Promise<readonly MetricFamily[]> {
  const { appendedEnd, flushedEnd } = sources.maintenance.logProgress;
  const behindBytes = appendedEnd - sources.store.maxPhysicalOffset;
  const one = (name: string, value: number | undefined): MetricFamily =>
    gauge(name, value === undefined ? [] : [{ labels: storageLabels, value }]);
  return [
    // As at Apache what is in use of the partition, whoever uses it.
    one('storage_size_bytes', await usedBytes(sources)),
    one('storage_flush_behind_bytes', Math.max(0, appendedEnd - flushedEnd)),
    one('storage_dispatch_behind_bytes', Math.max(0, behindBytes)),
    one('storage_message_reserve_time_milliseconds', await reserveTimeMs(sources)),
  ];
}

async function usedBytes({ directory, fileSystem, logger }: StorageSources): Promise<number | undefined> {
  try {
    return (await fileSystem.usage(directory))?.usedBytes;
  } catch (error) {
    logger.warn('cannot read how full the disk is', { directory, error });
    return undefined;
  }
}

/** Age of the oldest message; undefined when there is none. */
async function reserveTimeMs({ clock, store }: StorageSources): Promise<number | undefined> {
  if (store.minPhysicalOffset >= store.maxPhysicalOffset) return undefined;
  const oldest = await store.lookMessage(store.minPhysicalOffset);
  return oldest === undefined ? undefined : Math.max(0, clock.now() - oldest.storeTimestamp);
}
