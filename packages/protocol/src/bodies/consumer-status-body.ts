import { clientBodyBytesMax, clientBodyValuesMax, objectField, parseBody } from './json-fields.js';
import { type QueueOffsets, queueOffsetsOf } from './reset-offset-body.js';
import { fastjsonBody } from './write-fastjson.js';

/** What one client has consumed: its answer to GET_CONSUMER_STATUS_FROM_CLIENT (221) (Java: GetConsumerStatusBody). */
export function encodeClientStatus(offsets: QueueOffsets): Buffer {
  return fastjsonBody({ consumerTable: {}, messageQueueTable: new Map(offsets) });
}

/** Throws a `ProtocolError` `BODY_INVALID`, also for more than 1 MiB or 100,000 values: it comes from a client. */
export function decodeClientStatus(body: Buffer): QueueOffsets {
  return queueOffsetsOf(objectField(parseBody(body, clientBodyBytesMax, clientBodyValuesMax), 'messageQueueTable'));
}

/** The same of several clients by client id: the answer to INVOKE_BROKER_TO_GET_CONSUMER_STATUS (223). */
export function encodeConsumerStatus(clients: ReadonlyMap<string, QueueOffsets>): Buffer {
  return fastjsonBody({
    consumerTable: new Map(Array.from(clients, ([clientId, offsets]) => [clientId, new Map(offsets)])),
    messageQueueTable: {},
  });
}
