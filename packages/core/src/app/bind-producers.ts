import type { Environment } from '../kernel/environment.js';
import type { Middleware } from '../middleware/middleware.js';
import { BoundProducer } from '../producer/bound-producer.js';
import { producerPort } from '../producer/message-producer.js';
import type { LocalTransaction } from '../transaction/local-transaction.js';
import { TransactionRunner } from '../transaction/transaction-runner.js';
import type { IncomingMessage, TransactionResolution } from '../transport/messages.js';
import type { Transport } from '../transport/transport.js';
import type { ProducerComponent, TransactionComponent } from '../wiring/component.js';
import { withDefaults } from '../wiring/numbers.js';
import { producerNumbers } from '../wiring/producer-options.js';
import type { Resolved } from './resolve-components.js';

type ResolvedProducer = Resolved<ProducerComponent>;

/**
 * Gives every producer its transport. Producers of one group are one producer of the transport; the broker's question about
 * a transaction goes to the listener of the message's topic.
 */
export function bindProducers(
  producers: readonly ResolvedProducer[],
  listeners: readonly Resolved<TransactionComponent>[],
  context: { readonly transport: Transport; readonly environment: Environment; readonly middleware: readonly Middleware[] },
): readonly BoundProducer[] {
  const bound: BoundProducer[] = [];
  for (const members of byGroup(producers)) {
    const runners = runnersOf(members, listeners, context.environment);
    const { options } = members[0];
    const settings = withDefaults(producerNumbers, options);
    const handle = context.transport.createProducer({
      ...settings,
      group: options.group,
      topics: members.map((member) => member.topic.name),
      checkTransaction: runners.size === 0 ? undefined : (message) => check(runners, message, context.environment),
    });
    const limits = { maxMessageSizeBytes: settings.maxMessageSizeBytes, features: context.transport.features };
    for (const { topic, instance } of members) {
      const transaction = runners.get(topic.name);
      const port = new BoundProducer({
        topic,
        group: options.group,
        producer: handle,
        limits,
        middleware: context.middleware,
        transaction,
      });
      Reflect.set(instance, producerPort, port);
      bound.push(port);
    }
  }
  return bound;
}

function byGroup(producers: readonly ResolvedProducer[]): Iterable<[ResolvedProducer, ...ResolvedProducer[]]> {
  const groups = new Map<string, [ResolvedProducer, ...ResolvedProducer[]]>();
  for (const producer of producers) {
    const members = groups.get(producer.options.group);
    if (members === undefined) groups.set(producer.options.group, [producer]);
    else members.push(producer);
  }
  return groups.values();
}

function runnersOf(
  members: readonly ResolvedProducer[],
  listeners: readonly Resolved<TransactionComponent>[],
  environment: Environment,
): ReadonlyMap<string, TransactionRunner> {
  const runners = new Map<string, TransactionRunner>();
  for (const { identity, topic } of members) {
    const listener = listeners.find((candidate) => candidate.producer === identity);
    if (listener === undefined) continue;
    const { clock, logger } = environment;
    runners.set(topic.name, new TransactionRunner(topic, listener.instance as LocalTransaction<unknown>, clock, logger));
  }
  return runners;
}

async function check(
  runners: ReadonlyMap<string, TransactionRunner>,
  message: IncomingMessage,
  environment: Environment,
): Promise<TransactionResolution> {
  const runner = runners.get(message.topic);
  if (runner !== undefined) return runner.check(message);
  environment.logger.warn('the broker asks about a transaction of a topic without a listener', {
    topic: message.topic,
    messageId: message.messageId,
  });
  return 'unknown';
}
