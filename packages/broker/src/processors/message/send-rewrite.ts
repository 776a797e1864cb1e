import { decodeProperties, encodeProperties, PropertyName, ResponseCode, SysFlag, transactionType } from '@orbitmq/protocol';
import type { DelayLevels } from '../../schedule/delay-levels.js';
import { type Destination, delayDestination, delayLevelOf, timerRequestNames } from '../../schedule/delay-rewrite.js';
import { type TimerPut, timerDestination } from '../../timer/timer-put-rule.js';
import { isTransactional, prepareHalf, withoutTransactionBits } from '../../transaction/half-message.js';
import { Refusal } from './refusal.js';
import { isDroppedProperty } from './sent-properties.js';

/** What a send is turned into before it is stored. */
export interface RewrittenSend extends Destination {
  readonly sysFlag: number;
  readonly properties: Buffer;
  readonly uniqueKey: string;
  readonly isHalf: boolean;
  /** The tick in which it waits; undefined for what waits for no time of its own. */
  readonly timerOutMs: number | undefined;
}

export interface RewriteRules {
  readonly levels: DelayLevels;
  readonly rejectTransactionMessage: boolean;
  /** Added to every message: CLUSTER, MSG_REGION, TRACE_ON. */
  readonly brokerProperties: Readonly<Record<string, string>>;
  readonly nextUniqueKey: () => string;
  /** What a message with these properties asks of the timer. */
  readonly timerPut: (properties: Readonly<Record<string, string>>) => TimerPut;
}

export interface SendFacts {
  readonly destination: Destination;
  readonly sysFlag: number;
  readonly reconsumeTimes: number;
  readonly properties: Buffer;
  /** A dead letter is delivered at once, whatever delay its sender asked for. */
  readonly isDeadLetter: boolean;
}

/**
 * The long way of a send: everything that the send path cannot store as it came. Rules of SendMessageProcessor and HookUtils
 * (pages 03 §3, 06 §4-5, 07 §1), with two differences, both to keep what is acknowledged: a transactional message with a delay is
 * refused (Java loses it), a prepared or rolled-back flag without TRAN_MSG is refused (Java stores a message that nobody can read).
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
  const { destination } = facts;
  const isMarkedHalf = isTransactional(properties) && !(facts.reconsumeTimes > 0 && level > 0);
  if (isMarkedHalf) {
    const isTimed = timerRequestNames.some((name) => properties[name] !== undefined);
    const refusal = refuseHalf(rules, level > 0 || isTimed);
    if (refusal !== undefined) return refusal;
    const half = prepareHalf(properties, destination);
    return { ...finish(half, withoutTransactionBits(facts.sysFlag), properties, uniqueKey), isHalf: true };
  }
  const type = transactionType(facts.sysFlag);
  if (type !== SysFlag.TRANSACTION_NOT && type !== SysFlag.TRANSACTION_COMMIT) return unmarkedTransaction;
  if (level > 0) {
    return finish(delayDestination(rules.levels, level, properties, destination), facts.sysFlag, properties, uniqueKey);
  }
  const timerPut = facts.isDeadLetter ? untimed : rules.timerPut(properties);
  if (timerPut.kind === 'refused') return new Refusal(timerPut.code, timerPut.remark);
  if (timerPut.kind !== 'timed') return finish(destination, facts.sysFlag, properties, uniqueKey);
  const { outMs } = timerPut;
  const waiting = timerDestination(outMs, properties, destination);
  return { ...finish(waiting, facts.sysFlag, properties, uniqueKey), timerOutMs: outMs };
}

const untimed: TimerPut = { kind: 'untimed' };

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
): RewrittenSend {
  const stored = Buffer.from(encodeProperties(properties));
  return { ...destination, sysFlag, properties: stored, uniqueKey, isHalf: false, timerOutMs: undefined };
}
