import type { ConsumeFromWhere, ConsumeType, MessageModel, SubscriptionData } from './heartbeat.js';
import { enclosed, enclosedSteps, type Steps } from './steps.js';
import { type FastjsonObject, fastjsonBody, writeFastjson } from './write-fastjson.js';

/** One client of a group (Java: Connection; page 32 §3). */
export interface ClientConnection {
  readonly clientId: string;
  /** `ip:port` as the broker sees it. */
  readonly clientAddr: string;
  /** A `LanguageName`. */
  readonly language: string;
  /** MQVersion ordinal. */
  readonly version: number;
}

/** Answer to GET_CONSUMER_CONNECTION_LIST (203). */
export interface ConsumerConnection {
  readonly connections: readonly ClientConnection[];
  readonly consumeType: ConsumeType;
  readonly messageModel: MessageModel;
  readonly consumeFromWhere: ConsumeFromWhere | undefined;
  readonly subscriptions: readonly SubscriptionData[];
}

/** One producer in the answer to GET_ALL_PRODUCER_INFO (328). */
export interface ProducerInfo {
  readonly clientId: string;
  /** `ip:port` */
  readonly remoteAddress: string;
  readonly language: string;
  readonly version: number;
  /** Wall time of the last heartbeat, milliseconds. */
  readonly lastUpdateTimestamp: number;
}

export function encodeConsumerConnection(connection: ConsumerConnection): Buffer {
  return fastjsonBody({
    connectionSet: connection.connections.map(connectionJson),
    consumeFromWhere: connection.consumeFromWhere,
    consumeType: connection.consumeType,
    messageModel: connection.messageModel,
    subscriptionTable: new Map(
      connection.subscriptions.map((subscription) => [subscription.topic, subscriptionFastjson(subscription)]),
    ),
  });
}

/** Answer to GET_PRODUCER_CONNECTION_LIST (204). */
export function encodeProducerConnection(connections: readonly ClientConnection[]): Buffer {
  return fastjsonBody({ connectionSet: connections.map(connectionJson) });
}

/** Answer to GET_ALL_PRODUCER_INFO (328): group → texts of `producerText`, which may be too many for one turn. */
export function producerTableSteps(table: ReadonlyMap<string, readonly string[]>): Steps<Buffer> {
  return enclosedSteps('{"data":{', textsOf(table), '}}');
}

function* textsOf(table: ReadonlyMap<string, readonly string[]>): Iterable<string> {
  for (const [group, producers] of table) yield* enclosed(`${JSON.stringify(group)}:[`, producers, ']');
}

/** One producer's part of a producer table. */
export function producerText(producer: ProducerInfo): string {
  return writeFastjson(producerJson(producer));
}

/** A subscription inside bodies that `writeFastjson` writes. */
export function subscriptionFastjson(subscription: SubscriptionData): FastjsonObject {
  const { classFilterMode, codeSet, expressionType, subString, subVersion, tagsSet, topic } = subscription;
  return { classFilterMode, codeSet, expressionType, subString, subVersion, tagsSet, topic };
}

function connectionJson({ clientAddr, clientId, language, version }: ClientConnection): FastjsonObject {
  return { clientAddr, clientId, language, version };
}

function producerJson(producer: ProducerInfo): FastjsonObject {
  const { clientId, language, lastUpdateTimestamp, remoteAddress, version } = producer;
  return { clientId, language, lastUpdateTimestamp, remoteIP: remoteAddress, version };
}
