import type { Clock, Logger } from '@orbitmq/core/kernel';
import {
  createResponse,
  type EndTransactionHeader,
  endTransactionHeader,
  PropertyName,
  type RemotingCommand,
  ResponseCode,
  SysFlag,
  SystemTopic,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { BrokerConfig } from '../../config/broker-config.js';
import type { DelayLevels } from '../../schedule/delay-levels.js';
import type { TransactionCounters } from '../../stats/transaction-counters.js';
import type { MessageStore, MessageToStore } from '../../store/message-store.js';
import { isDecisionTooLate } from '../../transaction/check-rules.js';
import { committedMessage, type HalfMessage, readHalf } from '../../transaction/half-message.js';
import type { DecisionOutcome, TransactionLog } from '../../transaction/transaction-log.js';
import type { InFlightGauge } from './in-flight-gauge.js';
import { overload, Refusal } from './refusal.js';
import { codeOfPut, remarkOfPut } from './send-answer.js';

export interface EndTransactionProcessorDeps {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly config: BrokerConfig;
  readonly store: MessageStore;
  readonly log: TransactionLog;
  readonly levels: DelayLevels;
  readonly inFlight: InFlightGauge;
  readonly transactions: Pick<TransactionCounters, 'committed' | 'rolledBack'>;
}

/**
 * END_TRANSACTION (37): commit or rollback of a half message, nearly always one-way (Java: EndTransactionProcessor; page 07 §2).
 * The first decision wins. Nobody hears what goes wrong here; the check repairs it.
 */
export class EndTransactionProcessor implements RequestProcessor {
  readonly #deps: EndTransactionProcessorDeps;

  constructor(deps: EndTransactionProcessorDeps) {
    this.#deps = deps;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const refusal = await this.#end(request);
    if (refusal === undefined) {
      connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
      return;
    }
    this.#deps.logger.warn('a transaction was not ended as asked', { code: refusal.code, remark: refusal.remark });
    connection.respond(request, createResponse(request, refusal.code, { remark: refusal.remark }));
  }

  async #end(request: RemotingCommand): Promise<Refusal | undefined> {
    const { inFlight } = this.#deps;
    const header = endTransactionHeader.decodeCommand(request);
    // The producer does not know yet: the check asks it later.
    if (header.commitOrRollback === SysFlag.TRANSACTION_NOT) return undefined;
    if (!isDecision(header.commitOrRollback)) return systemError('commitOrRollback field wrong');
    if (inFlight.isFull) return overload('too many transactions are being ended');
    inFlight.enter();
    try {
      return await this.#decide(header);
    } finally {
      inFlight.leave();
    }
  }

  async #decide(header: EndTransactionHeader): Promise<Refusal | undefined> {
    const { store, log, levels } = this.#deps;
    const message = await store.lookMessage(header.commitLogOffset);
    const half = message === undefined ? undefined : readHalf(message);
    if (half === undefined) return systemError('Find prepared transaction message failed');
    const problem = this.#problemOf(header, half);
    if (problem !== undefined) return problem;
    const isCommit = header.commitOrRollback === SysFlag.TRANSACTION_COMMIT;
    const outcome: MessageToStore | undefined = isCommit ? committedMessage(half, levels) : undefined;
    const decision = await log.decide(half, outcome);
    if (decision === 'decided') this.#count(half, isCommit);
    return refusalOf(decision);
  }

  #count({ destination, message }: HalfMessage, isCommit: boolean): void {
    const { clock, transactions } = this.#deps;
    if (isCommit) transactions.committed(destination.topic, clock.now() - message.bornTimestamp);
    else transactions.rolledBack(destination.topic);
  }

  #problemOf(header: EndTransactionHeader, half: HalfMessage): Refusal | undefined {
    const { clock, config } = this.#deps;
    const { message, properties } = half;
    const immunity = properties[PropertyName.CHECK_IMMUNITY_TIME_IN_SECONDS];
    const age = { now: clock.now(), bornTimestamp: message.bornTimestamp, immunity, timeoutMs: config.transactionTimeOut };
    if (header.fromTransactionCheck !== true && isDecisionTooLate(age)) {
      return new Refusal(ResponseCode.ILLEGAL_OPERATION, 'the immunity time of the message is over: the check decides');
    }
    // A half of Apache's timer wheel has lost its topic; the checks park it.
    if (half.destination.topic === SystemTopic.TRANS_HALF) return systemError('The half message names no destination');
    if (half.producerGroup !== header.producerGroup) return systemError('The producer group wrong');
    if (message.queueOffset !== header.tranStateTableOffset) return systemError('The transaction state table offset wrong');
    if (message.physicalOffset !== header.commitLogOffset) return systemError('The commit log offset wrong');
    return undefined;
  }
}

function isDecision(commitOrRollback: number): boolean {
  return commitOrRollback === SysFlag.TRANSACTION_COMMIT || commitOrRollback === SysFlag.TRANSACTION_ROLLBACK;
}

function systemError(remark: string): Refusal {
  return new Refusal(ResponseCode.SYSTEM_ERROR, remark);
}

function refusalOf(outcome: DecisionOutcome): Refusal | undefined {
  if (outcome === 'decided') return undefined;
  if (outcome === 'already-decided') return systemError('The transaction is decided already');
  return new Refusal(codeOfPut(outcome), remarkOfPut(outcome) ?? outcome);
}
