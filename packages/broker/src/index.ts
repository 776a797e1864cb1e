export { type Broker, type BrokerOptions, createBroker } from './broker.js';
export type { BoundConfig } from './config/bind-config.js';
export { type BrokerConfig, defaultBrokerConfig } from './config/broker-config.js';
export { bindBrokerConfig } from './config/broker-config-rules.js';
export { defaultNamesrvConfig, type NamesrvConfig } from './config/namesrv-config.js';
export { bindNamesrvConfig } from './config/namesrv-config-rules.js';
export { parseProperties } from './config/properties.js';
export { compileSqlFilter, type SqlCompilation, SqlFilter } from './filter/sql/sql-filter.js';
export { type SqlLimits, sqlLimits } from './filter/sql/sql-limits.js';
export { Verdict as SqlVerdict } from './filter/sql/verdict.js';
export { createNameServer, type NameServer, type NameServerOptions } from './nameserver/name-server.js';
export { createMessageStore, type MessageStoreOptions } from './store/create-message-store.js';
export type { FlushDiskType, FlushModeSwitch } from './store/flush-mode-switch.js';
export type {
  DirectoryEntry,
  DiskUsage,
  File,
  FileLock,
  FileStat,
  FileSystem,
  IoCallback,
} from './store/io/file-system.js';
export { MemoryFileSystem } from './store/io/memory-file-system.js';
export { nodeFileSystem } from './store/io/node-file-system.js';
export type {
  GetMessageRequest,
  GetMessageResult,
  GetMessageStatus,
  MessageStore,
  MessageToStore,
  PutStatus,
  PutWaiter,
  QueueEntry,
} from './store/message-store.js';
export { type RepairReport, reportText } from './store/recovery/repair/repair-report.js';
export { repairMessageStore } from './store/repair-message-store.js';
export type { DiskPercents } from './store/retention/disk-guard.js';
export type { ExpiryListener } from './store/retention/queue-expiry.js';
export { defaultStoreLimits, type StoreLimits } from './store/store-limits.js';
export type { StoreMaintenance } from './store/store-maintenance.js';
export type { TagsCodeOf } from './store/tags-code-of.js';
