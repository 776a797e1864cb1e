import type { SendOptions } from '@orbitmq/core';
import { BrokerError, RouteError, ValidationError } from '@orbitmq/core/kernel';
import {
  createRequest,
  decodeRecallHandle,
  RequestCode,
  ResponseCode,
  recallMessageHeader,
  recallMessageResponseHeader,
} from '@orbitmq/protocol';
import type { ClientInstance } from '../client/client-instance.js';

export interface Recall {
  readonly producerGroup: string;
  readonly topic: string;
  readonly recallHandle: string;
  readonly timeoutMs: number;
}

/**
 * Takes a timed message back at the broker that its handle names (Java: DefaultMQProducerImpl.recallMessage; page 06 §5). Asked once:
 * whether it may be asked again says the error's `retryable`; a recall that is repeated changes nothing.
 */
export async function recallMessage(instance: ClientInstance, recall: Recall, options: SendOptions | undefined): Promise<string> {
  const { producerGroup, topic, recallHandle } = recall;
  const handle = decodeRecallHandle(recallHandle);
  if (handle === undefined || handle.topic !== topic) {
    throw new ValidationError('ARGUMENT_INVALID', `'${recallHandle}' is no recallHandle of a message of topic '${topic}'`, {
      details: { topic, recallHandle },
    });
  }
  const { brokerName } = handle;
  if (instance.masterAddress(brokerName) === undefined) await instance.publishQueues(topic);
  const brokerAddr = instance.masterAddress(brokerName);
  if (brokerAddr === undefined) {
    throw new RouteError('BROKER_NOT_FOUND', `the broker "${brokerName}" that holds the timed message has no master now`, {
      retryable: true,
      details: { brokerName, topic },
    });
  }
  const extFields = recallMessageHeader.encode({ producerGroup, topic, recallHandle, brokerName });
  const request = createRequest(RequestCode.RECALL_MESSAGE, { extFields });
  const { timeoutMs } = recall;
  const response = await instance.remoting.invoke(brokerAddr, request, { timeoutMs, signal: options?.signal });
  if (response.code === ResponseCode.SUCCESS) return recallMessageResponseHeader.decodeCommand(response).msgId;
  const remark = response.remark ?? '';
  throw new BrokerError(
    `the broker ${brokerAddr} did not take the message ${handle.uniqueKey} back (${response.code}): ${remark}`,
    {
      responseCode: response.code,
      remark,
      brokerAddr,
      retryable: response.code === ResponseCode.SYSTEM_BUSY || response.code === ResponseCode.SERVICE_NOT_AVAILABLE,
      details: { topic, responseCode: response.code },
    },
  );
}
