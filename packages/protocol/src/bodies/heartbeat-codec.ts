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
  parseBodySteps,
  textField,
} from './json-fields.js';
import type { JsonObject } from './parse-fastjson.js';
import { inOneTurn, mapInSteps, Pace, type Steps } from './steps.js';
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

/** Consumer groups that are read in one turn of the event loop. */
const consumersPerTurn = 500;

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

function* consumerSteps(object: JsonObject): Steps<ConsumerData> {
  const subscriptions = listField(object, 'subscriptionDataSet');
  return {
    groupName: textField(object, 'groupName'),
    consumeType: enumField(object, 'consumeType', consumeTypes, 'CONSUME_PASSIVELY'),
    messageModel: enumField(object, 'messageModel', messageModels, 'CLUSTERING'),
    consumeFromWhere: enumField(object, 'consumeFromWhere', consumeFromWheres, undefined),
    subscriptionDataSet: yield* mapInSteps(subscriptions, (entry) =>
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
  return inOneTurn(heartbeatSteps(body));
}

/** `decodeHeartbeat` of what may be a large body. */
export function* heartbeatSteps(body: Buffer): Steps<HeartbeatData> {
  const object = yield* parseBodySteps(body, clientBodyBytesMax, clientBodyValuesMax);
  const clientId = textField(object, 'clientID');
  const producerGroups = yield* mapInSteps(listField(object, 'producerDataSet'), (entry) =>
    textField(objectOf(entry, 'producerDataSet'), 'groupName'),
  );
  const consumers: ConsumerData[] = [];
  const pace = new Pace(consumersPerTurn);
  for (const entry of listField(object, 'consumerDataSet')) {
    consumers.push(yield* consumerSteps(objectOf(entry, 'consumerDataSet')));
    if (pace.isSpent(1)) yield;
  }
  return {
    clientId,
    producerGroups,
    consumers,
    heartbeatFingerprint: integerField(object, 'heartbeatFingerprint', 0),
    withoutSub: booleanField(object, 'withoutSub', false),
  };
}
