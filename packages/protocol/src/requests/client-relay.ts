import { defineHeader, type HeaderOf, optionalBool, optionalText, text } from '../header/header-codec.js';

/** Requests of operators that a broker hands on to a client of a group, with the same fields (page 32 §5). */

/** GET_CONSUMER_RUNNING_INFO (307). */
const runningInfoFields = {
  consumerGroup: text(),
  clientId: text(),
  /** With the stacks of the client's threads. */
  jstackEnable: optionalBool(),
};
export const consumerRunningInfoHeader = defineHeader(runningInfoFields);
export type ConsumerRunningInfoHeader = HeaderOf<typeof runningInfoFields>;

/** CONSUME_MESSAGE_DIRECTLY (309): the broker adds its name and, as body, the message that `msgId`, an offset id, names. */
const consumeDirectlyFields = {
  consumerGroup: text(),
  clientId: optionalText(),
  msgId: optionalText(),
  brokerName: optionalText(),
  topic: optionalText(),
};
export const consumeMessageDirectlyHeader = defineHeader(consumeDirectlyFields);
export type ConsumeMessageDirectlyHeader = HeaderOf<typeof consumeDirectlyFields>;
