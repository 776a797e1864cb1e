/** The consumer groups of this broker (Java: SubscriptionGroupManager). The table changes in the turn of the call; the file follows. */
import type { Environment, StopOptions } from '@orbitmq/core/kernel';
import { checkGroupName, type DataVersion, transactionGroup } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import { ConfigFile } from '../metadata/config-file.js';
import { initialDataVersion, nextDataVersion } from '../metadata/data-version.js';
import type { JsonFields } from '../metadata/json-fields.js';
import type { FileSystem } from '../store/io/file-system.js';
import { ForbiddenTable } from './forbidden-table.js';
import { GroupSources } from './group-sources.js';
import {
  decodeSubscriptionGroupTable,
  defaultSubscriptionGroup,
  describeSubscriptionGroup,
  subscriptionGroupTableSteps,
} from './subscription-group-json.js';
import type { SubscriptionGroupConfig, SubscriptionGroupManager } from './subscription-group-manager.js';

/** Groups that clients may bring into being by naming them. */
const autoCreatedGroupCountMaxDefault = 100_000;

/** Groups every broker has (page 20 §10.4). */
const bootGroups: readonly string[] = [
  'TOOLS_CONSUMER',
  'FILTERSRV_CONSUMER',
  'SELF_TEST_C_GROUP',
  'CID_ONS-HTTP-PROXY',
  'CID_ONSAPI_PULL',
  'CID_ONSAPI_PERMISSION',
  'CID_ONSAPI_OWNER',
  transactionGroup,
];

export interface SubscriptionGroupManagerOptions {
  readonly environment: Environment;
  readonly fileSystem: FileSystem;
  /** The store's `config` directory, absolute. */
  readonly directory: string;
  readonly config: BrokerConfig;
  /** Default: 100,000. */
  readonly autoCreatedGroupCountMax?: number | undefined;
}

/** Reads `subscriptionGroup.json`, adds the groups every broker has, and resolves with the table. Rejects with a `StoreError`. */
export async function createSubscriptionGroupManager(
  options: SubscriptionGroupManagerOptions,
): Promise<SubscriptionGroupManager> {
  const manager = new FileSubscriptionGroupManager(options);
  await manager.load();
  return manager;
}

class FileSubscriptionGroupManager implements SubscriptionGroupManager {
  readonly #options: SubscriptionGroupManagerOptions;
  readonly #file: ConfigFile;
  #groups = new Map<string, SubscriptionGroupConfig>();
  readonly #sources = new GroupSources();
  readonly #forbidden = new ForbiddenTable();
  #dataVersion: DataVersion;

  constructor(options: SubscriptionGroupManagerOptions) {
    this.#options = options;
    this.#dataVersion = initialDataVersion(options.environment.clock);
    this.#file = new ConfigFile({
      environment: options.environment,
      fileSystem: options.fileSystem,
      directory: options.directory,
      name: 'subscriptionGroup.json',
      encode: () =>
        subscriptionGroupTableSteps(() => ({
          dataVersion: this.#dataVersion,
          groups: this.#groups,
          sources: this.#sources,
          forbidden: this.#forbidden,
        })),
    });
  }

  async load(): Promise<void> {
    const loaded = await this.#file.load(decodeSubscriptionGroupTable);
    if (loaded !== undefined) {
      this.#groups = loaded.groups;
      for (const [group, source] of loaded.source) this.#sources.merge(group, source);
      this.#forbidden.load(loaded.forbiddenTable);
      this.#dataVersion = loaded.dataVersion ?? this.#dataVersion;
    }
    for (const group of bootGroups) {
      if (!this.#groups.has(group)) this.update(defaultSubscriptionGroup(group));
    }
  }

  find(group: string): SubscriptionGroupConfig | undefined {
    return this.#groups.get(group) ?? this.#autoCreate(group);
  }

  update(config: SubscriptionGroupConfig, source?: JsonFields): void {
    if (source !== undefined) this.#sources.merge(config.groupName, source);
    this.#groups.set(config.groupName, config);
    this.#changed();
  }

  delete(group: string): boolean {
    // Something may be forbidden to a group that does not exist.
    const wasForbidden = this.#forbidden.delete(group);
    const wasThere = this.#groups.delete(group);
    this.#sources.delete(group);
    if (wasThere || wasForbidden) this.#changed();
    return wasThere;
  }

  describe(group: string): JsonFields | undefined {
    const config = this.#groups.get(group);
    return config === undefined ? undefined : describeSubscriptionGroup(config, this.#sources.get(group));
  }

  get sourceChars(): number {
    return this.#sources.sizeChars;
  }

  sourceGrowth(group: string, source: JsonFields): number {
    return this.#sources.growth(group, source);
  }

  get dataVersion(): DataVersion {
    return this.#dataVersion;
  }

  isReadForbidden(group: string, topic: string): boolean {
    return this.#forbidden.isReadForbidden(group, topic);
  }

  setReadForbidden(group: string, topic: string, isForbidden: boolean): boolean {
    const outcome = this.#forbidden.setReadForbidden(group, topic, isForbidden);
    if (outcome === 'changed') this.#changed();
    return outcome !== 'full';
  }

  forbidden(group: string): JsonFields | undefined {
    return this.#forbidden.ofGroup(group);
  }

  get forbiddenPairCount(): number {
    return this.#forbidden.pairCount;
  }

  forbiddenGroups(): readonly string[] {
    return this.#forbidden.groups();
  }

  all(): ReadonlyMap<string, SubscriptionGroupConfig> {
    return this.#groups;
  }

  persist(): Promise<void> {
    return this.#file.persist();
  }

  close(options?: StopOptions): Promise<void> {
    return this.#file.close(options);
  }

  #changed(): void {
    this.#dataVersion = nextDataVersion(this.#dataVersion, this.#options.environment.clock);
    this.#file.changed();
    this.#file.persistSoon();
  }

  #autoCreate(group: string): SubscriptionGroupConfig | undefined {
    const { config, environment, autoCreatedGroupCountMax } = this.#options;
    if (!config.autoCreateSubscriptionGroup || checkGroupName(group) !== undefined) return undefined;
    const countMax = autoCreatedGroupCountMax ?? autoCreatedGroupCountMaxDefault;
    if (this.#groups.size >= countMax) {
      environment.logger.warn('a consumer group was not auto-created: there are too many', { group, countMax });
      return undefined;
    }
    const created = defaultSubscriptionGroup(group);
    this.update(created);
    return created;
  }
}
