import { integerField, integerOf, listField, objectField, objectOf, parseBody, textField } from './json-fields.js';
import { type MessageQueue, parseMessageQueueKey } from './message-queue.js';
import type { JsonObject } from './parse-fastjson.js';
import { fastjsonBody } from './write-fastjson.js';

export type QueueOffsets = readonly (readonly [MessageQueue, number])[];

/** Answer to INVOKE_BROKER_TO_RESET_OFFSET (222) and body of RESET_CONSUMER_CLIENT_OFFSET (220) (Java: ResetOffsetBody). */
export function encodeResetOffsetBody(offsets: QueueOffsets): Buffer {
  return fastjsonBody({ offsetTable: new Map(offsets) });
}

/** The same for clients in C++, whose JSON has no objects for keys (Java: ResetOffsetBodyForC). */
export function encodeResetOffsetList(offsets: QueueOffsets): Buffer {
  return fastjsonBody({
    offsetTable: offsets.map(([{ brokerName, queueId, topic }, offset]) => ({ brokerName, offset, queueId, topic })),
  });
}

/** Reads both shapes; a key that names no queue is left out. Throws a `ProtocolError` `BODY_INVALID`. */
export function decodeResetOffsetBody(body: Buffer): QueueOffsets {
  const object = parseBody(body);
  if (Array.isArray(object['offsetTable'])) {
    return listField(object, 'offsetTable').map((value) => {
      const entry = objectOf(value, 'offsetTable');
      return [messageQueueOf(entry), integerField(entry, 'offset', 0)] as const;
    });
  }
  return queueOffsetsOf(objectField(object, 'offsetTable'));
}

/** A table with queues as keys. */
export function queueOffsetsOf(table: JsonObject): QueueOffsets {
  return Object.keys(table).flatMap((key) => {
    const queue = parseMessageQueueKey(key);
    return queue === undefined ? [] : [[queue, integerOf(table[key], key)] as const];
  });
}

function messageQueueOf(entry: JsonObject): MessageQueue {
  return {
    topic: textField(entry, 'topic'),
    brokerName: textField(entry, 'brokerName'),
    queueId: integerField(entry, 'queueId', 0),
  };
}
