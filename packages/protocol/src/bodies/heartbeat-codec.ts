import type { ConsumeFromWhere, ConsumerData, ConsumeType, HeartbeatData, MessageModel } from './heartbeat.js';
import {
  booleanField,
  clientBodyBytesMax,
  clientBodyValuesMax,
  enumField,
  integerField,
  jsonBody,
  listField,
  objectOf,
  parseBody,
  textField,
} from './json-fields.js';
import type { JsonObject } from './parse-fastjson.js';
import { subscriptionFromJson, subscriptionToJson } from './subscription-json.js';

const consumeTypes: readonly ConsumeType[] = ['CONSUME_PASSIVELY', 'CONSUME_ACTIVELY', 'CONSUME_POP'];
const messageModels: readonly MessageModel[] = ['CLUSTERING', 'BROADCASTING', 'LITE_SELECTIVE'];
const consumeFromWheres: readonly ConsumeFromWhere[] = [
  'CONSUME_FROM_LAST_OFFSET',
  'CONSUME_FROM_LAST_OFFSET_AND_FROM_MIN_WHEN_BOOT_FIRST',
  'CONSUME_FROM_MIN_OFFSET',
  'CONSUME_FROM_MAX_OFFSET',
  'CONSUME_FROM_FIRST_OFFSET',
  'CONSUME_FROM_TIMESTAMP',
];

function consumerToJson(consumer: ConsumerData): object {
  return {
    consumeFromWhere: consumer.consumeFromWhere,
    consumeType: consumer.consumeType,
    groupName: consumer.groupName,
    messageModel: consumer.messageModel,
    subscriptionDataSet: consumer.subscriptionDataSet.map(subscriptionToJson),
    unitMode: consumer.unitMode,
  };
}

function consumerFromJson(object: JsonObject): ConsumerData {
  return {
    groupName: textField(object, 'groupName'),
    consumeType: enumField(object, 'consumeType', consumeTypes, 'CONSUME_PASSIVELY'),
    messageModel: enumField(object, 'messageModel', messageModels, 'CLUSTERING'),
    consumeFromWhere: enumField(object, 'consumeFromWhere', consumeFromWheres, undefined),
    subscriptionDataSet: listField(object, 'subscriptionDataSet').map((entry) =>
      subscriptionFromJson(objectOf(entry, 'subscriptionDataSet')),
    ),
    unitMode: booleanField(object, 'unitMode', false),
  };
}

/** Body of HEART_BEAT (page 05 §2). The members that only 5.x knows are left out while they say nothing. */
export function encodeHeartbeat(heartbeat: HeartbeatData): Buffer {
  return jsonBody({
    clientID: heartbeat.clientId,
    consumerDataSet: heartbeat.consumers.map(consumerToJson),
    heartbeatFingerprint: heartbeat.heartbeatFingerprint === 0 ? undefined : heartbeat.heartbeatFingerprint,
    producerDataSet: heartbeat.producerGroups.map((groupName) => ({ groupName })),
    withoutSub: heartbeat.withoutSub ? true : undefined,
  });
}

export function decodeHeartbeat(body: Buffer): HeartbeatData {
  const object = parseBody(body, clientBodyBytesMax, clientBodyValuesMax);
  return {
    clientId: textField(object, 'clientID'),
    producerGroups: listField(object, 'producerDataSet').map((entry) =>
      textField(objectOf(entry, 'producerDataSet'), 'groupName'),
    ),
    consumers: listField(object, 'consumerDataSet').map((entry) => consumerFromJson(objectOf(entry, 'consumerDataSet'))),
    heartbeatFingerprint: integerField(object, 'heartbeatFingerprint', 0),
    withoutSub: booleanField(object, 'withoutSub', false),
  };
}
