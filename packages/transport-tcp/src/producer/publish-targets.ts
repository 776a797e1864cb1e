import type { Random } from '@orbitmq/core/kernel';
import type { MessageQueue } from '@orbitmq/protocol';
import type { BrokerPenalties } from './broker-penalties.js';
import type { PreparedMessage } from './prepared-message.js';
import { PublishTarget } from './publish-target.js';
import { chosenQueueIndex, nextQueueIndex } from './queue-choice.js';

/** What a producer keeps per topic between two changes of its route. */
interface TopicTargets {
  queues: readonly MessageQueue[];
  targets: PublishTarget[];
  /** Counts sends; begins anywhere, so that many short-lived producers do not all begin with queue 0. */
  count: number;
}

export interface PublishTargetsOptions {
  readonly producerGroup: string;
  readonly defaultTopicQueueNums: number;
  readonly random: Random;
  readonly penalties: BrokerPenalties;
  /** Topics held; past it the oldest is made anew when it is used again. */
  readonly topicsMax: number;
}

const countBeginMax = 1 << 20;

/** The queues of each topic with their prepared requests, and whose turn it is. */
export class PublishTargets {
  readonly #options: PublishTargetsOptions;
  readonly #byTopic = new Map<string, TopicTargets>();

  constructor(options: PublishTargetsOptions) {
    this.#options = options;
  }

  /**
   * Where a message goes: to the queue it names, else to the one whose turn it is, past the broker that failed it and past
   * those that failed others. Throws what the application's selector throws.
   */
  choose(message: PreparedMessage, queues: readonly MessageQueue[], failedBroker: string | undefined): PublishTarget {
    const { topic, chooser } = message;
    const entry = this.#of(topic, queues);
    if (chooser !== undefined) return this.#at(entry, chosenQueueIndex(chooser, queues.length));
    entry.count++;
    return this.#at(entry, nextQueueIndex(queues, entry.count, failedBroker, this.#options.penalties));
  }

  #of(topic: string, queues: readonly MessageQueue[]): TopicTargets {
    const known = this.#byTopic.get(topic);
    if (known !== undefined) {
      if (known.queues !== queues) {
        known.queues = queues;
        known.targets = [];
      }
      return known;
    }
    this.#forgetOldest();
    const entry = { queues, targets: [], count: this.#options.random.int(countBeginMax) };
    this.#byTopic.set(topic, entry);
    return entry;
  }

  #at(entry: TopicTargets, index: number): PublishTarget {
    const known = entry.targets[index];
    if (known !== undefined) return known;
    const queue = entry.queues[index];
    if (queue === undefined) throw new RangeError(`no queue ${index} of ${entry.queues.length}`);
    const { producerGroup, defaultTopicQueueNums } = this.#options;
    const target = new PublishTarget(queue, producerGroup, defaultTopicQueueNums);
    entry.targets[index] = target;
    return target;
  }

  #forgetOldest(): void {
    if (this.#byTopic.size < this.#options.topicsMax) return;
    for (const topic of this.#byTopic.keys()) {
      this.#byTopic.delete(topic);
      return;
    }
  }
}
