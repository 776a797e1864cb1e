/**
 * The broker's side of `idempotencyKey`: which keys were sent in the last `idempotencyWindowMs`, and where the first message with
 * each is. RocketMQ has no counterpart. A key belongs to a topic, whoever sends it.
 *
 * Invariants: between the look for a key and its claim nothing else runs; a key is known only when its message is in the log;
 * a claimed key is decided by the outcome of its put, and until then a repeat waits for it. The log is the truth: the
 * properties of its records rebuild everything at the start, before clients are served, and a snapshot only shortens that.
 */
import type { Clock, Lifecycle, Logger, Timer, Timers } from '@orbitmq/core/kernel';
import type { BrokerConfig } from '../config/broker-config.js';
import type { FileSystem } from '../store/io/file-system.js';
import type { LogBytes } from '../store/log-bytes.js';
import type { MessageStore } from '../store/message-store.js';
import { KeyClaim, type PutOutcome } from './key-claim.js';
import { keyHashOf } from './key-hash.js';
import { KeySnapshotFile } from './key-snapshot-file.js';
import { type KeyPlace, KeyTable } from './key-table.js';
import { rebuildKeys } from './rebuild-keys.js';

export interface IdempotencyWindowDeps {
  readonly clock: Clock;
  readonly timers: Timers;
  readonly logger: Logger;
  readonly fileSystem: FileSystem;
  readonly config: BrokerConfig;
  readonly store: Pick<MessageStore, 'minPhysicalOffset' | 'maxPhysicalOffset'>;
  readonly log: LogBytes;
  /** Whether the half message with this first offset in the half queue is decided; asked at the start. */
  readonly isHalfDecided: (origin: number) => boolean;
}

/** What is known of a key: undefined, nothing; a place; or somebody is storing the first message with it right now. */
export type KnownKey = { readonly place: KeyPlace } | { readonly pending: Promise<PutOutcome> } | undefined;

const lookIntervalMs = 5000;

export class IdempotencyWindow implements Lifecycle {
  readonly #deps: IdempotencyWindowDeps;
  readonly #table: KeyTable;
  readonly #pending = new Map<string, KeyClaim>();
  readonly #file: KeySnapshotFile;
  #timer: Timer | undefined;
  #writing: Promise<void> | undefined;
  #crowdedOut = 0;

  constructor(deps: IdempotencyWindowDeps) {
    const { idempotencyKeysMax, idempotencyWindowMs } = deps.config;
    this.#deps = deps;
    this.#table = new KeyTable({ countMax: idempotencyKeysMax, windowMs: idempotencyWindowMs });
    this.#file = new KeySnapshotFile(deps);
  }

  /** False: keys are carried and nothing else (`idempotencyWindowMs` is 0). */
  get isEnabled(): boolean {
    return this.#deps.config.idempotencyWindowMs > 0;
  }

  /** Keys whose first message is being stored. */
  get pendingCount(): number {
    return this.#pending.size;
  }

  get count(): number {
    return this.#table.count;
  }

  find(topic: string, key: string): KnownKey {
    const claim = this.#pending.get(nameOf(topic, key));
    if (claim !== undefined) return { pending: claim.whenDone() };
    const place = this.#table.find(keyHashOf(topic, key), this.#deps.clock.monotonic());
    return place === undefined ? undefined : { place };
  }

  /** In the turn of a `find` that knew nothing. The claim must be put or given up in this turn. */
  claim(topic: string, key: string): KeyClaim {
    const name = nameOf(topic, key);
    const claim = new KeyClaim((place) => {
      this.#pending.delete(name);
      if (place !== undefined) this.#add(topic, key, place);
    });
    this.#pending.set(name, claim);
    return claim;
  }

  /** There is no message with this key at its place. Another one may have taken the key since. */
  forget(topic: string, key: string, place: KeyPlace): void {
    const hash = keyHashOf(topic, key);
    const known = this.#table.find(hash, this.#deps.clock.monotonic());
    if (known?.physicalOffset === place.physicalOffset) this.#table.remove(hash);
  }

  /** A half message is decided: committed, its key stays taken; rolled back or parked, the key is free for a new try. */
  halfDecided(topic: string, key: string, origin: number, isCommitted: boolean): void {
    const hash = keyHashOf(topic, key);
    const known = this.#table.find(hash, this.#deps.clock.monotonic());
    if (known === undefined || !known.isOpenHalf || known.queueOffset !== origin) return;
    if (isCommitted) this.#table.settleHalf(hash);
    else this.#table.remove(hash);
  }

  async start(): Promise<void> {
    if (!this.isEnabled) return;
    const { clock, config, isHalfDecided, log, logger, store } = this.#deps;
    const begin = clock.monotonic();
    const rebuilt = await rebuildKeys({
      clock,
      config,
      logger,
      log,
      isHalfDecided,
      begin: store.minPhysicalOffset,
      end: store.maxPhysicalOffset,
      table: this.#table,
      file: this.#file,
    });
    if (rebuilt.readBytes > 0 || this.#table.count > 0) {
      const tookMs = Math.round(clock.monotonic() - begin);
      logger.info('idempotency keys are known', { keys: this.#table.count, ...rebuilt, tookMs });
    }
    this.#timer = this.#deps.timers.setInterval(() => this.#look(), lookIntervalMs).unref();
  }

  async stop(): Promise<void> {
    if (this.#timer === undefined) return;
    this.#timer.cancel();
    this.#timer = undefined;
    await this.#writing;
    this.#table.expire(this.#deps.clock.monotonic());
    if (this.#file.isWorthWritingAtStop(this.#table.count, this.#coveredEnd())) await this.#writeSnapshot();
  }

  #add(topic: string, key: string, place: KeyPlace): void {
    const now = this.#deps.clock.monotonic();
    this.#table.expire(now);
    this.#table.add(keyHashOf(topic, key), place, now);
  }

  #look(): void {
    const { clock, config, logger } = this.#deps;
    this.#table.expire(clock.monotonic());
    const crowdedOut = this.#table.crowdedOut - this.#crowdedOut;
    if (crowdedOut > 0) {
      this.#crowdedOut = this.#table.crowdedOut;
      const { idempotencyKeysMax } = config;
      logger.warn('idempotency keys were forgotten before their time: more came than are kept', {
        crowdedOut,
        idempotencyKeysMax,
      });
    }
    if (this.#writing !== undefined || !this.#file.isDue(this.#coveredEnd())) return;
    this.#writing = this.#writeSnapshot().finally(() => {
      this.#writing = undefined;
    });
  }

  /** Every keyed record before it is in the table, unless it was refused or taken back. */
  #coveredEnd(): number {
    let end = this.#deps.store.maxPhysicalOffset;
    for (const { place } of this.#pending.values()) if (place !== undefined) end = Math.min(end, place.physicalOffset);
    return end;
  }

  async #writeSnapshot(): Promise<void> {
    const { logger } = this.#deps;
    try {
      await this.#file.write(this.#table.copy(), this.#coveredEnd());
    } catch (error) {
      logger.warn('the idempotency keys could not be written down: a start after a crash reads more of the log', { error });
    }
  }
}

/** No topic has a line break. */
function nameOf(topic: string, key: string): string {
  return `${topic}\n${key}`;
}
