import type { SendReceipt } from '@orbitmq/core';
import { BrokerError, MqError } from '@orbitmq/core/kernel';
import { type RemotingCommand, ResponseCode } from '@orbitmq/protocol';

/** Codes after which another broker may do better (Java: retryResponseCodes of 5.3.1 and later; page 03 §2). */
const retryCodes: ReadonlySet<number> = new Set([
  ResponseCode.TOPIC_NOT_EXIST,
  ResponseCode.SERVICE_NOT_AVAILABLE,
  ResponseCode.SYSTEM_ERROR,
  ResponseCode.NO_PERMISSION,
  ResponseCode.SYSTEM_BUSY,
  ResponseCode.GO_AWAY,
  204,
  205,
]);

/** Stored, but not as durably as the broker is set to. */
const weakerStatuses: ReadonlyMap<number, string> = new Map([
  [ResponseCode.FLUSH_DISK_TIMEOUT, 'FLUSH_DISK_TIMEOUT'],
  [ResponseCode.SLAVE_NOT_AVAILABLE, 'SLAVE_NOT_AVAILABLE'],
  [ResponseCode.FLUSH_SLAVE_TIMEOUT, 'FLUSH_SLAVE_TIMEOUT'],
]);

export function isRetryCode(code: number): boolean {
  return retryCodes.has(code);
}

/** The broker cannot be reached, or did not answer: the next send does better elsewhere. */
export function isNoAnswer(error: MqError): boolean {
  return error.code === 'CONNECT_FAILED' || error.code === 'CONNECTION_CLOSED' || error.code === 'REQUEST_TIMEOUT';
}

export function weakerStatus(code: number): string | undefined {
  return weakerStatuses.get(code);
}

/** What is known of a send when its answer is not a plain success. */
export interface SendSubject {
  readonly topic: string;
  readonly messageId: string;
  readonly brokerAddr: string;
}

/**
 * The message is stored, so this is neither a success nor a failure: a repeated send would store it twice. It is the
 * caller's to decide; `details` name the status and both ids.
 */
export function weakerDurability(status: string, subject: SendSubject, receipt: SendReceipt): MqError {
  return new MqError(
    'SEND_WEAKER_DURABILITY',
    `the broker ${subject.brokerAddr} stored the message ${subject.messageId}, but answered ${status}: ${weakerMeaning[status] ?? ''}; sending it again would store it twice`,
    { details: { status, ...subject, ...receipt } },
  );
}

const weakerMeaning: Readonly<Record<string, string>> = {
  FLUSH_DISK_TIMEOUT: 'it was not flushed to disk in time (syncFlushTimeout)',
  SLAVE_NOT_AVAILABLE: 'no replica is near enough to have it',
  FLUSH_SLAVE_TIMEOUT: 'no replica confirmed it in time (slaveTimeout)',
};

/** The broker's refusal in its own words, with a sentence that helps where we know one. */
export function refusal(response: RemotingCommand, subject: SendSubject): BrokerError {
  const remark = response.remark ?? '';
  const help = hintOf(response.code, subject.topic);
  return new BrokerError(
    `the broker ${subject.brokerAddr} refused the message ${subject.messageId} for "${subject.topic}" (${response.code}): ${remark}${help}`,
    {
      responseCode: response.code,
      remark,
      brokerAddr: subject.brokerAddr,
      retryable: isRetryCode(response.code),
      details: { ...subject, responseCode: response.code },
    },
  );
}

function hintOf(code: number, topic: string): string {
  switch (code) {
    case ResponseCode.SYSTEM_BUSY:
      return ' - it is overloaded: send slower, or retry later';
    case ResponseCode.MESSAGE_ILLEGAL:
      return ' - the body or the properties are larger than the broker allows (maxMessageSize), or it is a batch with a delay';
    case ResponseCode.SERVICE_NOT_AVAILABLE:
      return ' - its store takes no writes: its disk may be full, or it is a slave';
    case ResponseCode.NO_PERMISSION:
      return " - writing is forbidden: see brokerPermission, and whether this is one of the broker's own topics";
    case ResponseCode.TOPIC_NOT_EXIST:
      return ` - create the topic "${topic}", or let the broker do it (autoCreateTopicEnable)`;
    default:
      return '';
  }
}
