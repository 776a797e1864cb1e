import {
  clientBodyBytesMax,
  clientBodyValuesMax,
  integerOf,
  jsonBody,
  listField,
  objectOf,
  parseBody,
  parseBodySteps,
  textField,
} from './json-fields.js';
import type { LockBatchBody, MessageQueue } from './message-queue.js';
import type { JsonObject } from './parse-fastjson.js';
import { inOneTurn, mapInSteps, type Steps } from './steps.js';

function queueToJson(queue: MessageQueue): object {
  return { brokerName: queue.brokerName, queueId: queue.queueId, topic: queue.topic };
}

function* queuesSteps(object: JsonObject, name: string): Steps<MessageQueue[]> {
  return yield* mapInSteps(listField(object, name), (entry) => {
    const queue = objectOf(entry, name);
    return {
      topic: textField(queue, 'topic'),
      brokerName: textField(queue, 'brokerName'),
      queueId: integerOf(queue.queueId, 'queueId'),
    };
  });
}

/** Body of LOCK_BATCH_MQ and UNLOCK_BATCH_MQ (page 05 §5). */
export function encodeLockBatch(body: LockBatchBody): Buffer {
  return jsonBody({ clientId: body.clientId, consumerGroup: body.consumerGroup, mqSet: body.queues.map(queueToJson) });
}

export function decodeLockBatch(body: Buffer): LockBatchBody {
  return inOneTurn(lockBatchSteps(body));
}

/** `decodeLockBatch` of what may be a large body. */
export function* lockBatchSteps(body: Buffer): Steps<LockBatchBody> {
  const object = yield* parseBodySteps(body, clientBodyBytesMax, clientBodyValuesMax);
  return {
    consumerGroup: textField(object, 'consumerGroup'),
    clientId: textField(object, 'clientId'),
    queues: yield* queuesSteps(object, 'mqSet'),
  };
}

/** Body of the answer to LOCK_BATCH_MQ: the queues that are locked now. */
export function encodeLockBatchResult(queues: readonly MessageQueue[]): Buffer {
  return jsonBody({ lockOKMQSet: queues.map(queueToJson) });
}

export function decodeLockBatchResult(body: Buffer): MessageQueue[] {
  return inOneTurn(queuesSteps(parseBody(body, clientBodyBytesMax, clientBodyValuesMax), 'lockOKMQSet'));
}
