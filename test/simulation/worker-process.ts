/** A process that consumes: a member of every group. Its handlers do what the parcels' plans say, and report it. */
import {
  type ComponentProvider,
  type ConsumeContext,
  consume,
  type MessageView,
  MqRuntime,
  providedComponents,
  type Transport,
} from '@orbitmq/core';
import { sleep } from '@orbitmq/core/kernel';
import type { SeededRandom } from '@orbitmq/testing';
import type { Delivery, History, Parcel } from './history.js';
import type { ClientProcess } from './shop-process.js';
import type { SimulatedProcess } from './simulated-process.js';
import { type GroupRule, groups, topics } from './topics.js';
import type { Trace } from './trace.js';

export interface WorkerOptions<Process extends ClientProcess = SimulatedProcess> {
  readonly process: Process;
  readonly transport: Transport;
  readonly random: SeededRandom;
  readonly history: History;
  readonly trace: Trace;
  /** Longest work of a handler, milliseconds. */
  readonly workMsMax: number;
}

const deadLetterPrefix = '%DLQ%';

export class WorkerProcess<Process extends ClientProcess = SimulatedProcess> {
  readonly process: Process;
  readonly #options: WorkerOptions<Process>;
  readonly #runtime: MqRuntime;

  constructor(options: WorkerOptions<Process>) {
    this.#options = options;
    this.process = options.process;
    const components = groups.flatMap((rule) => this.#consumer(rule)[providedComponents]);
    const { environment } = options.process;
    this.#runtime = new MqRuntime({ schemes: [], transport: options.transport, environment }, () => ({
      components,
      problems: [],
    }));
  }

  start(): Promise<void> {
    return this.#runtime.start();
  }

  stop(deadlineMs?: number): Promise<void> {
    return this.#runtime.stop(deadlineMs === undefined ? {} : { deadlineMs });
  }

  #consumer(rule: GroupRule): ComponentProvider {
    const { batch, tags, topic: _topic, fails: _fails, slowChance: _slowChance, workMsMax: _workMsMax, ...settings } = rule;
    const options = { ...settings, tags: tags?.join(' || '), consumeFrom: 'first' } as const;
    const topic = topics[rule.topic];
    if (batch !== undefined) return consume(topic, { ...options, batch }, (all, context) => this.#handle(rule, all, context));
    return consume(topic, options, (one, context) => this.#handle(rule, [one], context));
  }

  async #handle(rule: GroupRule, messages: readonly MessageView<Parcel>[], context: ConsumeContext): Promise<void> {
    const { random, history } = this.#options;
    const deliveries = messages.map((message) => this.#begin(rule, message));
    const workMs = random.int(random.chance(rule.slowChance) ? rule.workMsMax : this.#options.workMsMax);
    // Half of the handlers look at the signal, as good ones do.
    const signal = random.chance(0.5) ? context.signal : undefined;
    try {
      await sleep(this.process.environment.timers, workMs, signal);
    } catch (error) {
      this.#end(deliveries, 'aborted');
      throw error;
    }
    const isFailing = messages.some(({ body: { id, plan } }) => {
      return rule.fails && (plan.failures < 0 || history.failureCount(rule.group, id) < plan.failures);
    });
    this.#end(deliveries, isFailing ? 'failed' : 'acked');
    if (isFailing) throw new Error('as planned');
  }

  #begin(rule: GroupRule, message: MessageView<Parcel>): Delivery {
    const { history, trace } = this.#options;
    const delivery: Delivery = {
      group: rule.group,
      process: this.process.name,
      id: message.body.id,
      messageId: message.messageId,
      topic: message.topic,
      queue: `${storedTopicOf(rule.group, message)}@${message.brokerName}@${message.queueId}`,
      queueOffset: message.queueOffset,
      attempt: message.reconsumeTimes,
      startedAtMs: this.process.environment.clock.monotonic(),
      endedAtMs: undefined,
      pausedAtMs: undefined,
      outcome: undefined,
    };
    history.deliveries.push(delivery);
    const { id, queue, queueOffset, attempt } = delivery;
    trace.note(delivery.process, `${rule.group} gets ${id} ${queue}@${queueOffset} #${attempt} ${message.messageId}`);
    this.#compare(rule, message);
    return delivery;
  }

  #end(deliveries: readonly Delivery[], outcome: 'acked' | 'failed' | 'aborted'): void {
    const { history, trace } = this.#options;
    for (const delivery of deliveries) {
      history.end(delivery, outcome, this.process.environment.clock.monotonic());
      trace.note(delivery.process, `${delivery.group} ${outcome} ${delivery.id}`);
    }
  }

  /** What arrives is what was sent, in every part. */
  #compare(rule: GroupRule, message: MessageView<Parcel>): void {
    const { history } = this.#options;
    const sent = history.sent.get(message.body.id);
    const complain = (what: string): void => {
      history.problems.push(`I2 ${rule.group} got ${message.body.id} (${message.messageId}): ${what}`);
    };
    if (sent === undefined) return complain('nobody sent it');
    if (JSON.stringify(sent.parcel) !== JSON.stringify(message.body)) complain('another body');
    if (sent.tag !== message.tag) complain(`tag ${message.tag} instead of ${sent.tag}`);
    if (sent.keys.join() !== message.keys.join()) complain(`keys ${message.keys.join()} instead of ${sent.keys.join()}`);
    for (const [name, value] of Object.entries(sent.properties)) {
      if (message.properties[name] !== value) complain(`property ${name} = ${message.properties[name]} instead of ${value}`);
    }
    if (sent.messageId !== undefined && sent.messageId !== message.messageId) complain(`not the id ${sent.messageId}`);
    if (!message.topic.startsWith(deadLetterPrefix) && message.topic !== sent.topic) complain(`topic ${message.topic}`);
    if (rule.tags !== undefined && !rule.tags.includes(message.tag ?? '')) complain(`tag ${message.tag} is not subscribed to`);
  }
}

/** The topic whose queue the message lies in: a retried one says where it came from, and lies in the retry topic. */
function storedTopicOf(group: string, message: MessageView<Parcel>): string {
  if (message.topic.startsWith(deadLetterPrefix)) return message.topic;
  return message.properties['RETRY_TOPIC'] === undefined ? message.topic : `%RETRY%${group}`;
}
