import type { Environment } from '@orbitmq/core/kernel';
import type { BrokerConfig } from '../config/broker-config.js';
import { DefaultMessageStore } from './default-message-store.js';
import type { FlushModeSwitch } from './flush-mode-switch.js';
import type { FileSystem } from './io/file-system.js';
import type { LogBytes } from './log-bytes.js';
import type { MessageStore } from './message-store.js';
import { defaultStoreLimits, type StoreLimits } from './store-limits.js';
import type { StoreMaintenance } from './store-maintenance.js';
import type { PublishListener } from './store-options.js';
import type { TagsCodeOf } from './tags-code-of.js';

export interface MessageStoreOptions {
  readonly environment: Environment;
  readonly fileSystem: FileSystem;
  /** `storePathRootDir` must be set; it is an absolute path, in memory too. */
  readonly config: BrokerConfig;
  readonly tagsCodeOf: TagsCodeOf;
  /** A write or flush failed. Called once; nothing is stored any more and the process should end. */
  onFailure(error: Error): void;
  /** For statistics. */
  readonly onPublished?: PublishListener | undefined;
  readonly limits?: Partial<StoreLimits> | undefined;
}

/** A store that is not open yet: `start()` locks its directory and recovers. */
export function createMessageStore(options: MessageStoreOptions): MessageStore & FlushModeSwitch & StoreMaintenance & LogBytes {
  return new DefaultMessageStore({
    environment: options.environment,
    fileSystem: options.fileSystem,
    config: options.config,
    limits: { ...defaultStoreLimits, ...options.limits },
    tagsCodeOf: options.tagsCodeOf,
    onFailure: (error) => options.onFailure(error),
    onPublished: options.onPublished,
  });
}
