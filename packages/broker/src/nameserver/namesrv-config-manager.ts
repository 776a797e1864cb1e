/**
 * The configuration of a running NameServer and its changes (Java: Configuration, behind requests 318 and 319). Invariants: one
 * update after the other, in the order in which they came; what is in effect after an answer is in the file as well; a file that
 * cannot be written changes nothing.
 */
import { isMqError, type Logger } from '@orbitmq/core/kernel';
import { editProperties } from '../config/edit-properties.js';
import type { NamesrvConfig } from '../config/namesrv-config.js';
import { namesrvConfigChange, refusedNamesrvKey } from '../config/namesrv-config-change.js';
import { SerialUpdates } from '../config/serial-updates.js';
import { shownProperties } from '../config/shown-properties.js';
import { makeDirectoryOf, type NameServerFiles } from './name-server-files.js';

export type NamesrvConfigUpdate =
  | { readonly status: 'done' }
  | { readonly status: 'refused'; readonly key: string }
  | { readonly status: 'busy' }
  /** Nothing was changed. */
  | { readonly status: 'failed'; readonly reason: string };

export interface NamesrvConfigManagerOptions {
  readonly config: NamesrvConfig;
  readonly logger: Logger;
  /** Undefined: a change lasts as long as the process. */
  readonly files: NameServerFiles | undefined;
  /** Called with each change, when it is in the file. */
  readonly onChange: (config: NamesrvConfig) => void;
}

export class NamesrvConfigManager {
  readonly #options: NamesrvConfigManagerOptions;
  #config: NamesrvConfig;
  readonly #updates = new SerialUpdates();

  constructor(options: NamesrvConfigManagerOptions) {
    this.#options = options;
    this.#config = options.config;
  }

  /** As it is now. What is read at the start only has its new value here already. */
  get config(): NamesrvConfig {
    return this.#config;
  }

  /** All keys as `key=value` lines, sorted. */
  text(): string {
    return shownProperties(this.#config);
  }

  /** Resolves when the change is in the file and in effect. What is no `MqError` rejects this update and no other. */
  async update(properties: ReadonlyMap<string, string>): Promise<NamesrvConfigUpdate> {
    const key = refusedNamesrvKey(properties, this.#config.configBlackList);
    if (key !== undefined) return { status: 'refused', key };
    return await this.#updates.run(() => this.#updateNow(properties));
  }

  /** Resolves when no update is under way. */
  async settled(): Promise<void> {
    await this.#updates.settled();
  }

  async #updateNow(properties: ReadonlyMap<string, string>): Promise<NamesrvConfigUpdate> {
    const { logger, onChange } = this.#options;
    const { texts, values, notes } = namesrvConfigChange(properties, this.#config);
    for (const note of notes) logger.warn(`update of the configuration: ${note}`);
    if (texts.size === 0) return { status: 'done' };
    try {
      await this.#write(texts);
    } catch (error) {
      if (!isMqError(error)) throw error;
      logger.error('the configuration could not be changed', { error });
      return { status: 'failed', reason: error.message };
    }
    this.#config = { ...this.#config, ...values };
    logger.info('the configuration was changed by request', { changes: Object.fromEntries(texts) });
    onChange(this.#config);
    return { status: 'done' };
  }

  async #write(texts: ReadonlyMap<string, string>): Promise<void> {
    const { files } = this.#options;
    if (files === undefined) return;
    const path = this.#config.configStorePath;
    await makeDirectoryOf(files, path);
    // Read anew: somebody may have changed it by hand since.
    const old = (await files.readFile(path))?.toString('latin1') ?? '';
    await files.writeFileAtomically(path, Buffer.from(editProperties(old, texts), 'latin1'));
  }
}
