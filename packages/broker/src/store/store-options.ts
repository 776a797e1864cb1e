import type { Environment } from '@orbitmq/core/kernel';
import type { BrokerConfig } from '../config/broker-config.js';
import type { FileSystem } from './io/file-system.js';
import type { StoreLimits } from './store-limits.js';
import type { TagsCodeOf } from './tags-code-of.js';

/** Told once per batch that its messages are visible and those who put them answered; `startedMs`: when each who waited for that came, monotonic. */
export type PublishListener = (messageCount: number, recordBytes: number, startedMs: readonly number[]) => void;

/** What a store is made of, with every bound in place. */
export interface StoreOptions {
  readonly environment: Environment;
  readonly fileSystem: FileSystem;
  readonly config: BrokerConfig;
  readonly limits: StoreLimits;
  readonly tagsCodeOf: TagsCodeOf;
  readonly onFailure: (error: Error) => void;
  readonly onPublished?: PublishListener | undefined;
}
