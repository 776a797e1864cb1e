import type { MessageStoreOptions } from './create-message-store.js';
import type { RepairReport } from './recovery/repair/repair-report.js';
import { repairStore } from './recovery/repair/repair-store.js';
import { defaultStoreLimits } from './store-limits.js';

/**
 * Examines a store that no broker has open, all of its log, and repairs it unless `isDryRun`. Rejects with a `StoreError`:
 * `STORE_LOCKED`, `STORE_CORRUPT` when there is nothing to repair from, `STORE_IO_FAILED`.
 */
export function repairMessageStore(options: MessageStoreOptions, mode: { readonly isDryRun: boolean }): Promise<RepairReport> {
  const { config, environment, fileSystem, tagsCodeOf } = options;
  const onFailure = (error: Error): void => options.onFailure(error);
  const limits = { ...defaultStoreLimits, ...options.limits };
  return repairStore({ environment, fileSystem, config, limits, tagsCodeOf, onFailure }, mode);
}
