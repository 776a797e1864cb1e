/** The topics of this broker (Java: TopicConfigManager). The table changes in the turn of the call; the file follows. */
import type { Environment, StopOptions } from '@orbitmq/core/kernel';
import { checkTopicName, type DataVersion, Permission, retryTopicPrefix, SystemTopic, type TopicConfig } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import { ConfigFile } from '../metadata/config-file.js';
import { initialDataVersion, nextDataVersion } from '../metadata/data-version.js';
import type { JsonFields } from '../metadata/json-fields.js';
import type { FileSystem } from '../store/io/file-system.js';
import { bootTopics, plainTopic } from './boot-topics.js';
import type { TopicConfigManager } from './topic-config-manager.js';
import { decodeTopicTable, topicTableSteps } from './topic-table-json.js';

/** Topics that sends of clients may bring into being; those an operator creates are not counted against it. */
const autoCreatedTopicCountMaxDefault = 100_000;

export interface TopicConfigManagerOptions {
  readonly environment: Environment;
  readonly fileSystem: FileSystem;
  /** The store's `config` directory, absolute. */
  readonly directory: string;
  readonly config: BrokerConfig;
  /** Default: 100,000. */
  readonly autoCreatedTopicCountMax?: number | undefined;
}

/** Reads `topics.json`, adds the topics every broker has, and resolves with the table. Rejects with a `StoreError`. */
export async function createTopicConfigManager(options: TopicConfigManagerOptions): Promise<TopicConfigManager> {
  const manager = new FileTopicConfigManager(options);
  await manager.load();
  return manager;
}

/** After a crash that takes the change, a message in such a queue would be in one that nobody reads. */
function hasMoreQueues(existing: TopicConfig | undefined, changed: TopicConfig): boolean {
  if (existing === undefined) return true;
  return changed.readQueueNums > existing.readQueueNums || changed.writeQueueNums > existing.writeQueueNums;
}

class FileTopicConfigManager implements TopicConfigManager {
  readonly #options: TopicConfigManagerOptions;
  readonly #file: ConfigFile;
  readonly #listeners: ((changed: TopicConfig) => void)[] = [];
  #topics = new Map<string, TopicConfig>();
  #source = new Map<string, JsonFields>();
  #dataVersion: DataVersion;
  /** Topics that are new or got queues, with the change that must be on disk for them; cleared when everything is. */
  readonly #unwritten = new Map<string, number>();

  constructor(options: TopicConfigManagerOptions) {
    this.#options = options;
    this.#dataVersion = initialDataVersion(options.environment.clock);
    this.#file = new ConfigFile({
      environment: options.environment,
      fileSystem: options.fileSystem,
      directory: options.directory,
      name: 'topics.json',
      encode: () => topicTableSteps(() => ({ dataVersion: this.#dataVersion, topics: this.#topics, source: this.#source })),
    });
  }

  async load(): Promise<void> {
    const loaded = await this.#file.load(decodeTopicTable);
    if (loaded !== undefined) {
      this.#topics = loaded.topics;
      this.#source = new Map(loaded.source);
      this.#dataVersion = loaded.dataVersion ?? this.#dataVersion;
    }
    // Without auto-creation there must be no template: clients take its route as permission to send to unknown topics.
    if (!this.#options.config.autoCreateTopicEnable && this.#topics.delete(SystemTopic.AUTO_CREATE_TOPIC_KEY)) this.#changed();
    for (const topic of bootTopics(this.#options.config)) {
      if (!this.#topics.has(topic.topicName)) this.update(topic);
    }
  }

  get dataVersion(): DataVersion {
    return this.#dataVersion;
  }

  get(topic: string): TopicConfig | undefined {
    return this.#topics.get(topic);
  }

  all(): ReadonlyMap<string, TopicConfig> {
    return this.#topics;
  }

  createForSend(topic: string, defaultTopic: string, clientQueueNums: number): TopicConfig | undefined {
    const existing = this.#topics.get(topic);
    if (existing !== undefined) return existing;
    if (checkTopicName(topic) !== undefined) return undefined;
    const created = topic.startsWith(retryTopicPrefix)
      ? plainTopic(topic, 1, Permission.READ | Permission.WRITE)
      : this.#fromTemplate(topic, defaultTopic, clientQueueNums);
    const countMax = this.#options.autoCreatedTopicCountMax ?? autoCreatedTopicCountMaxDefault;
    if (created === undefined) return undefined;
    if (this.#topics.size >= countMax) {
      this.#options.environment.logger.warn('a topic was not auto-created: there are too many', { topic, countMax });
      return undefined;
    }
    this.update(created);
    return created;
  }

  #fromTemplate(topic: string, defaultTopic: string, clientQueueNums: number): TopicConfig | undefined {
    // It may have been switched off while the broker runs.
    if (defaultTopic === SystemTopic.AUTO_CREATE_TOPIC_KEY && !this.#options.config.autoCreateTopicEnable) return undefined;
    const template = this.#topics.get(defaultTopic);
    if (template === undefined || (template.perm & Permission.INHERIT) === 0) return undefined;
    const queueNums = Math.min(clientQueueNums, template.writeQueueNums);
    if (queueNums < 1) return undefined;
    return { ...plainTopic(topic, queueNums, template.perm & ~Permission.INHERIT), topicSysFlag: template.topicSysFlag };
  }

  ensure(topic: string, queueNums: number, perm: number): TopicConfig {
    const existing = this.#topics.get(topic);
    if (existing !== undefined) return existing;
    const created = plainTopic(topic, queueNums, perm);
    this.update(created);
    return created;
  }

  update(config: TopicConfig): void {
    const hasMore = hasMoreQueues(this.#topics.get(config.topicName), config);
    if (this.#file.isPersisted) this.#unwritten.clear();
    this.#topics.set(config.topicName, config);
    this.#changed();
    if (hasMore) this.#unwritten.set(config.topicName, this.#file.changeCount);
    for (const listener of this.#listeners) listener(config);
  }

  delete(topic: string): TopicConfig | undefined {
    const existing = this.#topics.get(topic);
    if (existing === undefined) return undefined;
    this.#topics.delete(topic);
    // Were they kept, a topic that is created again would have members of the old one.
    this.#source.delete(topic);
    this.#unwritten.delete(topic);
    this.#changed();
    for (const listener of this.#listeners) listener(existing);
    return existing;
  }

  renewVersion(): void {
    this.#changed();
  }

  onChange(listener: (changed: TopicConfig) => void): void {
    this.#listeners.push(listener);
  }

  get isPersisted(): boolean {
    return this.#file.isPersisted;
  }

  isTopicPersisted(topic: string): boolean {
    return (this.#unwritten.get(topic) ?? 0) <= this.#file.writtenCount;
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
}
