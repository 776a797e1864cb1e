/**
 * The committed offsets as clients may move them. The offsets of groups that are the broker's own, such as CID_RMQ_SYS_TRANS,
 * say how far it has read its own topics: were one moved ahead, half messages that were acknowledged would never be decided or
 * checked; moved back, decided ones would be asked about again. Apache of both versions lets any client move them.
 */
import type { StopOptions } from '@orbitmq/core/kernel';
import type { Steps } from '@orbitmq/protocol';
import type { ConsumerOffsetManager } from './consumer-offset-manager.js';

const brokerGroupPrefix = 'CID_RMQ_SYS_';

export function isBrokerGroup(group: string): boolean {
  return group.startsWith(brokerGroupPrefix);
}

export class ClientOffsets implements ConsumerOffsetManager {
  readonly #offsets: ConsumerOffsetManager;

  constructor(offsets: ConsumerOffsetManager) {
    this.#offsets = offsets;
  }

  query(group: string, topic: string, queueId: number): number {
    return this.#offsets.query(group, topic, queueId);
  }

  /** Without effect for a group of the broker's. */
  commit(group: string, topic: string, queueId: number, offset: number): void {
    if (!isBrokerGroup(group)) this.#offsets.commit(group, topic, queueId, offset);
  }

  /** Without effect for a group of the broker's. */
  reset(group: string, topic: string, queueId: number, offset: number): void {
    if (!isBrokerGroup(group)) this.#offsets.reset(group, topic, queueId, offset);
  }

  canReset(queueCount: number): boolean {
    return this.#offsets.canReset(queueCount);
  }

  isResetPending(group: string, topic: string, queueId: number): boolean {
    return this.#offsets.isResetPending(group, topic, queueId);
  }

  takeReset(group: string, topic: string, queueId: number): number | undefined {
    return this.#offsets.takeReset(group, topic, queueId);
  }

  notePull(group: string, topic: string, queueId: number, queueOffset: number): void {
    this.#offsets.notePull(group, topic, queueId, queueOffset);
  }

  pullOffset(group: string, topic: string, queueId: number): number {
    return this.#offsets.pullOffset(group, topic, queueId);
  }

  topicsWithOffsets(group: string): readonly string[] {
    return this.#offsets.topicsWithOffsets(group);
  }

  offsetsOf(group: string, topic: string): ReadonlyMap<number, number> {
    return this.#offsets.offsetsOf(group, topic);
  }

  canClone(sourceGroup: string, group: string, topic: string): boolean {
    return this.#offsets.canClone(sourceGroup, group, topic);
  }

  /** False as well for a group of the broker's, which gets none. */
  clone(sourceGroup: string, group: string, topic: string): boolean {
    return !isBrokerGroup(group) && this.#offsets.clone(sourceGroup, group, topic);
  }

  get entryCount(): number {
    return this.#offsets.entryCount;
  }

  describeSteps(): Steps<readonly Buffer[]> {
    return this.#offsets.describeSteps();
  }

  groupsWithOffsets(topic: string): readonly string[] {
    return this.#offsets.groupsWithOffsets(topic);
  }

  removeTopic(topic: string): void {
    this.#offsets.removeTopic(topic);
  }

  /** Without effect for a group of the broker's. */
  removeGroup(group: string): void {
    if (!isBrokerGroup(group)) this.#offsets.removeGroup(group);
  }

  persist(): Promise<void> {
    return this.#offsets.persist();
  }

  close(options?: StopOptions): Promise<void> {
    return this.#offsets.close(options);
  }
}
