/**
 * RESUME_CHECK_HALF_MESSAGE (323): has a transaction asked about again, from no checks on (Java:
 * AdminBrokerProcessor.resumeCheckHalfMessage). The offset id is that of a parked message, or of a half that is not decided yet.
 * Unlike Java's, what is decided stays so: neither a half that was committed nor a parked one that was brought back before and committed
 * since is asked about again, and asking twice makes no two transactions.
 */
import {
  createResponse,
  decodeRecord,
  PropertyName,
  type RemotingCommand,
  ResponseCode,
  resumeCheckHalfMessageHeader,
  SysFlag,
  transactionType,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { MessageStore } from '../../store/message-store.js';
import type { StartedPut } from '../../store/started-put.js';
import { type HalfMessage, readHalf, readParked } from '../../transaction/half-message.js';
import type { TransactionLog } from '../../transaction/transaction-log.js';
import type { InFlightGauge } from './in-flight-gauge.js';
import { physicalOffsetOf } from './physical-offset-of.js';
import { overload, Refusal } from './refusal.js';
import { codeOfPut, remarkOfPut } from './send-answer.js';

export interface ResumeCheckProcessorDeps {
  readonly store: MessageStore;
  readonly log: TransactionLog;
  readonly inFlight: InFlightGauge;
}

/** Messages with the unique key of a transaction that are looked at for a commit. */
const committedLookMax = 16;

export class ResumeCheckProcessor implements RequestProcessor {
  readonly #deps: ResumeCheckProcessorDeps;

  constructor(deps: ResumeCheckProcessorDeps) {
    this.#deps = deps;
  }

  async process(request: RemotingCommand, connection: ServerConnection): Promise<void> {
    const refusal = await this.#resume(resumeCheckHalfMessageHeader.decodeCommand(request).msgId);
    const code = refusal?.code ?? ResponseCode.SUCCESS;
    connection.respond(request, createResponse(request, code, { remark: refusal?.remark }));
  }

  async #resume(messageId: string): Promise<Refusal | undefined> {
    const { inFlight, log } = this.#deps;
    if (inFlight.isFull) return overload('too many messages wait for their flush');
    if (!log.canTakeHalf) return overload('too many transactions are undecided');
    inFlight.enter();
    try {
      return await this.#resumeMessage(messageId);
    } finally {
      inFlight.leave();
    }
  }

  async #resumeMessage(messageId: string): Promise<Refusal | undefined> {
    const { log, store } = this.#deps;
    const physicalOffset = physicalOffsetOf(messageId);
    if (physicalOffset === undefined) return systemError(`"${messageId.slice(0, 64)}" is not an offset message id`);
    const message = await store.lookMessage(physicalOffset);
    if (message === undefined) return systemError(`can not find message by the id, ${messageId}`);
    const half = readHalf(message);
    if (half !== undefined) {
      const put = await log.restartChecks(half);
      return put === undefined ? systemError('The transaction is decided already') : refusalOf(put);
    }
    const parked = readParked(message);
    if (parked === undefined) return systemError(`the message is neither a half message nor a parked one: ${messageId}`);
    // It is being asked about, as is wanted.
    if (log.isResumed(parked)) return undefined;
    if (await this.#isCommitted(parked)) return systemError('The transaction was committed since it was parked');
    const put = log.resume(parked);
    return put === undefined ? undefined : refusalOf(put);
  }

  /** Whether the index knows the committed message. */
  async #isCommitted({ destination, properties }: HalfMessage): Promise<boolean> {
    const key = properties[PropertyName.UNIQ_KEY];
    if (key === undefined) return false;
    const { records } = await this.#deps.store.queryMessage({
      topic: destination.topic,
      key,
      kind: 'UNIQUE_KEY',
      maxCount: committedLookMax,
      beginTimestamp: 0,
      endTimestamp: Number.MAX_SAFE_INTEGER,
    });
    return records.some((record) => transactionType(decodeRecord(record).sysFlag) === SysFlag.TRANSACTION_COMMIT);
  }
}

async function refusalOf(put: StartedPut): Promise<Refusal | undefined> {
  const status = await put.done;
  return status === 'PUT_OK' ? undefined : new Refusal(codeOfPut(status), remarkOfPut(status) ?? status);
}

function systemError(remark: string): Refusal {
  return new Refusal(ResponseCode.SYSTEM_ERROR, remark);
}
