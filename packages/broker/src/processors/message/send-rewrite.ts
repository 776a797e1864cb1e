import { decodeProperties, encodeProperties, PropertyName, ResponseCode, SysFlag, transactionType } from '@orbitmq/protocol';
import type { DelayLevels } from '../../schedule/delay-levels.js';
import { type Destination, delayDestination, delayLevelOf } from '../../schedule/delay-rewrite.js';
import { isTransactional, prepareHalf, withoutTransactionBits } from '../../transaction/half-message.js';
import { Refusal } from './refusal.js';
import { isDroppedProperty } from './sent-properties.js';

/** What a send is turned into before it is stored. */
export interface RewrittenSend extends Destination {
  readonly sysFlag: number;
  readonly properties: Buffer;
  readonly uniqueKey: string;
  readonly isHalf: boolean;
}

export interface RewriteRules {
  readonly levels: DelayLevels;
  readonly rejectTransactionMessage: boolean;
  /** Added to every message: CLUSTER, MSG_REGION, TRACE_ON. */
  readonly brokerProperties: Readonly<Record<string, string>>;
  readonly nextUniqueKey: () => string;
}

export interface SendFacts {
  readonly destination: Destination;
  readonly sysFlag: number;
  readonly reconsumeTimes: number;
  readonly properties: Buffer;
  /** A dead letter is delivered at once, whatever delay its sender asked for. */
  readonly isDeadLetter: boolean;
}

const timerNames = [PropertyName.TIMER_DELAY_SEC, PropertyName.TIMER_DELAY_MS, PropertyName.TIMER_DELIVER_MS] as const;

/**
 * The long way of a send: everything that the send path cannot store as it came. Rules of SendMessageProcessor and HookUtils
 * (pages 03 §3, 06 §4, 07 §1), with three differences, all to keep what is acknowledged: a transactional message with a delay is
 * refused (Java loses it), a timed message is refused while there is no timer wheel (4.9 delivers it at once), a prepared or
 * rolled-back flag without TRAN_MSG is refused (Java stores a message that nobody can read).
 */
export function rewriteSend(facts: SendFacts, rules: RewriteRules): RewrittenSend | Refusal {
  const properties = decodeProperties(facts.properties);
  for (const name of Object.keys(properties)) {
    if (isDroppedProperty(name)) delete properties[name];
  }
  Object.assign(properties, rules.brokerProperties);
  const uniqueKey = (properties[PropertyName.UNIQ_KEY] ??= rules.nextUniqueKey());
  if (facts.isDeadLetter) properties[PropertyName.DELAY] = '-1';
  const level = delayLevelOf(properties);
  if (level === undefined)
    return new Refusal(ResponseCode.SYSTEM_ERROR, `DELAY is no number: "${properties[PropertyName.DELAY]}"`);
  const isTimed = timerNames.some((name) => properties[name] !== undefined);

  if (isTransactional(properties) && !(facts.reconsumeTimes > 0 && level > 0)) {
    const refusal = refuseHalf(rules, level > 0 || isTimed);
    if (refusal !== undefined) return refusal;
    const half = prepareHalf(properties, facts.destination);
    return finish(half, withoutTransactionBits(facts.sysFlag), properties, uniqueKey, true);
  }
  const type = transactionType(facts.sysFlag);
  if (type !== SysFlag.TRANSACTION_NOT && type !== SysFlag.TRANSACTION_COMMIT) return unmarkedTransaction;
  if (level > 0) {
    for (const name of timerNames) delete properties[name];
    return finish(
      delayDestination(rules.levels, level, properties, facts.destination),
      facts.sysFlag,
      properties,
      uniqueKey,
      false,
    );
  }
  if (isTimed) return new Refusal(ResponseCode.SYSTEM_ERROR, 'timer message is not supported: the timer wheel is not enabled');
  return finish(facts.destination, facts.sysFlag, properties, uniqueKey, false);
}

/** The flag says prepared or rolled back, but no TRAN_MSG says that it is a half message. */
const unmarkedTransaction = new Refusal(
  ResponseCode.MESSAGE_ILLEGAL,
  'the message is illegal: its sysFlag says that it is prepared or rolled back, but it has no property TRAN_MSG',
);

function refuseHalf(rules: RewriteRules, isDelayed: boolean): Refusal | undefined {
  if (rules.rejectTransactionMessage) {
    return new Refusal(ResponseCode.NO_PERMISSION, 'the broker sending transaction message is forbidden');
  }
  if (!isDelayed) return undefined;
  return new Refusal(
    ResponseCode.MESSAGE_ILLEGAL,
    'the message is illegal: transactional messages do not support delayed delivery',
  );
}

function finish(
  destination: Destination,
  sysFlag: number,
  properties: Readonly<Record<string, string>>,
  uniqueKey: string,
  isHalf: boolean,
): RewrittenSend {
  return { ...destination, sysFlag, properties: Buffer.from(encodeProperties(properties)), uniqueKey, isHalf };
}
