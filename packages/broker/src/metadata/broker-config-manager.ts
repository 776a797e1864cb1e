/**
 * Changes the configuration of a running broker (Java: Configuration.update, behind request 25; pages 23 §3, 32 §5). Invariants:
 * one update after the other, in the order in which they came; what is in effect after an answer is in the file as well, so the
 * next start begins with it; a file that cannot be written changes nothing. The file keeps its comments, its order and the keys
 * that this version does not know.
 */
import { type Environment, isMqError, StoreError } from '@orbitmq/core/kernel';
import type { DataVersion } from '@orbitmq/protocol';
import type { BrokerConfig } from '../config/broker-config.js';
import { bindBrokerConfig, brokerConfigRule } from '../config/broker-config-rules.js';
import { type ConfigChange, configChange, refusedBrokerKey } from '../config/config-change.js';
import { editProperties } from '../config/edit-properties.js';
import { type LiveBrokerConfig, runtimeKeys } from '../config/live-broker-config.js';
import { processorCount } from '../config/processor-count.js';
import { parseProperties } from '../config/properties.js';
import { SerialUpdates } from '../config/serial-updates.js';
import { shownProperties } from '../config/shown-properties.js';
import type { FileSystem } from '../store/io/file-system.js';
import { initialDataVersion, nextDataVersion } from './data-version.js';

/** Shown beside our own keys: the official tools read them, and end with an exception where one is missing. */
const shownConstants: Readonly<Record<string, string>> = {
  aclEnable: 'false',
  // The number of processors, for `exportMetrics`.
  clientCallbackExecutorThreads: String(processorCount),
  filterServerNums: '0',
  slaveReadEnable: 'false',
  useTLS: 'false',
};

/** What has to happen, beside the new value being there, when a key changes. Called when all keys of the update have their value. */
export type ConfigEffects = Partial<Readonly<Record<keyof BrokerConfig, () => void | Promise<void>>>>;

export interface BrokerConfigManagerOptions {
  readonly environment: Environment;
  readonly fileSystem: FileSystem;
  readonly live: LiveBrokerConfig;
  /** The file that the broker was started with, absolute; undefined: a change lasts as long as the process. */
  readonly configFile: string | undefined;
  readonly effects: ConfigEffects;
  /** Updates that wait for the one before them. Default: `waitingUpdatesMax`. */
  readonly waitingMax?: number | undefined;
}

export type ConfigUpdateResult =
  /** `notes`: keys that were passed over or take effect later. */
  | { readonly status: 'done'; readonly notes: readonly string[] }
  | { readonly status: 'refused'; readonly key: string }
  | { readonly status: 'busy' }
  /** Nothing was changed, or an effect failed: what is in the file takes effect at the next start. */
  | { readonly status: 'failed'; readonly reason: string };

export class BrokerConfigManager {
  readonly #options: BrokerConfigManagerOptions;
  #dataVersion: DataVersion;
  /** Keys of the file that this version does not know, with their values. */
  #otherKeys: ReadonlyMap<string, string> = new Map();
  readonly #updates: SerialUpdates;

  constructor(options: BrokerConfigManagerOptions) {
    this.#options = options;
    this.#updates = new SerialUpdates(options.waitingMax);
    this.#dataVersion = initialDataVersion(options.environment.clock);
  }

  get dataVersion(): DataVersion {
    return this.#dataVersion;
  }

  /** Looks what else is in the file. Rejects with a `StoreError` when it cannot be read. */
  async load(): Promise<void> {
    this.#noteOtherKeys(await this.#fileText());
  }

  /** All keys as `key=value` lines, sorted: what is configured, also where it takes effect at the next start only. */
  text(): string {
    return shownProperties({ ...shownConstants, ...Object.fromEntries(this.#otherKeys), ...this.#options.live.configured });
  }

  /** What is no `MqError` rejects this update and no other. */
  async update(properties: ReadonlyMap<string, string>): Promise<ConfigUpdateResult> {
    const key = refusedBrokerKey(properties, this.#options.live.configured.configBlackList);
    if (key !== undefined) return { status: 'refused', key };
    return await this.#updates.run(() => this.#updateNow(properties));
  }

  async #updateNow(properties: ReadonlyMap<string, string>): Promise<ConfigUpdateResult> {
    const { environment, live } = this.#options;
    const change = configChange(properties, live.configured, new Set(this.#otherKeys.keys()));
    if (change.texts.size === 0) return { status: 'done', notes: change.notes };
    try {
      await this.#write(change.texts);
      live.configure(change.values);
      this.#dataVersion = nextDataVersion(this.#dataVersion, environment.clock);
      environment.logger.info('the configuration was changed by request', { keys: [...change.texts.keys()] });
      await this.#runEffects(change.values);
    } catch (error) {
      if (!isMqError(error)) throw error;
      environment.logger.error('a change of the configuration failed', { error });
      return { status: 'failed', reason: error.message };
    }
    return { status: 'done', notes: [...change.notes, ...this.#laterNotes(change)] };
  }

  async #write(texts: ReadonlyMap<string, string>): Promise<void> {
    const { configFile, fileSystem } = this.#options;
    if (configFile === undefined) {
      this.#noteOtherKeys('', texts);
      return;
    }
    // Read anew: somebody may have changed it by hand since.
    const content = await fileSystem.readFile(configFile);
    if (content === undefined) {
      // A new one would hold these keys only, and the next start would take the defaults of all others.
      throw new StoreError('STORE_IO_FAILED', `the configuration was not changed: its file ${configFile} is gone`);
    }
    const edited = editProperties(content.toString('latin1'), texts);
    // Whatever was answered with success, the next start takes.
    bindBrokerConfig(parseProperties(edited));
    await fileSystem.writeFileAtomically(configFile, Buffer.from(edited, 'latin1'));
    this.#noteOtherKeys(edited);
  }

  async #runEffects(values: Partial<BrokerConfig>): Promise<void> {
    for (const key of Object.keys(values)) await this.#options.effects[key as keyof BrokerConfig]?.();
  }

  #laterNotes(change: ConfigChange): readonly string[] {
    const later = Object.keys(change.values).filter((key) => !runtimeKeys.has(key as keyof BrokerConfig));
    if (later.length === 0) return [];
    const names = later.join(', ');
    return this.#options.configFile === undefined
      ? [`${names}: without effect, since it is read at the start and this broker was started without a file`]
      : [`${names}: in effect at the next start`];
  }

  async #fileText(): Promise<string> {
    const { configFile, fileSystem } = this.#options;
    if (configFile === undefined) return '';
    return (await fileSystem.readFile(configFile))?.toString('latin1') ?? '';
  }

  #noteOtherKeys(fileText: string, more: ReadonlyMap<string, string> = new Map()): void {
    const keys = [...parseProperties(fileText), ...(fileText === '' ? this.#otherKeys : []), ...more];
    this.#otherKeys = new Map(keys.filter(([key]) => brokerConfigRule(key) === undefined));
  }
}
