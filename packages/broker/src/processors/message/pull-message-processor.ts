import { type Environment, InvariantError } from '@orbitmq/core/kernel';
import {
  createResponse,
  decodePullMessage,
  type PullMessageHeader,
  PullSysFlag,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import { tagPredicate } from '../../filter/tag-predicate.js';
import type { ParkedPull } from '../../long-polling/parked-pull.js';
import type { PullHoldService } from '../../long-polling/pull-hold-service.js';
import type { ConsumerOffsetManager } from '../../offset/consumer-offset-manager.js';
import type { GetMessageResult, MessageStore } from '../../store/message-store.js';
import { codeOfRead, PullAnswer } from './pull-answer.js';
import { checkPull, type PullCheckDeps } from './pull-checks.js';
import { PullFilters } from './pull-filters.js';
import { Refusal } from './refusal.js';

/** While a client has more bytes of answers to take than this, nothing is read from files for it. */
const untakenBytesMax = 1_048_576;

export interface PullMessageProcessorDeps extends PullCheckDeps {
  readonly environment: Environment;
  readonly store: MessageStore;
  readonly offsets: ConsumerOffsetManager;
  readonly holds: PullHoldService;
}

/**
 * PULL_MESSAGE (11), and LITE_PULL_MESSAGE (361) of 5.x, which is the same: reads a queue, waits for a message when there is none, and commits the group's offset on the way (Java:
 * PullMessageProcessor; page 04). A read of the log's tail is answered in the turn of its request, without a promise.
 */
export class PullMessageProcessor implements RequestProcessor {
  readonly #deps: PullMessageProcessorDeps;
  readonly #filters: PullFilters;

  constructor(deps: PullMessageProcessorDeps) {
    this.#deps = deps;
    this.#filters = new PullFilters(deps);
    deps.holds.onRerun((pull) => this.#rerun(pull));
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    return this.#pull(request, connection, decodePullMessage(request), true);
  }

  #rerun({ request, connection, header }: ParkedPull): void {
    const fail = (error: unknown): void => {
      if (error instanceof InvariantError) throw error;
      this.#deps.environment.logger.error('a parked pull failed', { topic: header.topic, queueId: header.queueId, error });
      const remark = error instanceof Error ? error.message : 'the pull failed';
      connection.respond(request, createResponse(request, ResponseCode.SYSTEM_ERROR, { remark }));
    };
    try {
      void this.#pull(request, connection, header, false)?.catch(fail);
    } catch (error) {
      fail(error);
    }
  }

  #pull(
    request: RemotingCommand,
    connection: ServerConnection,
    header: PullMessageHeader,
    isFirst: boolean,
  ): void | Promise<void> {
    const subscription = checkPull(header, this.#deps, request.code === RequestCode.LITE_PULL_MESSAGE);
    if (subscription instanceof Refusal) return refuse(request, connection, subscription);
    const filter = this.#filters.filterOf(header, subscription);
    if (filter instanceof Refusal) return refuse(request, connection, filter);
    if (isFirst) this.#commit(header);
    const matches = tagPredicate(subscription);
    const { topic, queueId, queueOffset, maxMsgNums } = header;
    const maxCount = Math.max(1, maxMsgNums);
    const hasRoom = (): boolean => !connection.isOpen || (connection.queuedBytes ?? 0) <= untakenBytesMax;
    const result = this.#deps.store.getMessage({ topic, queueId, queueOffset, maxCount, matches, filter, hasRoom });
    if (!(result instanceof Promise)) {
      this.#answer(request, connection, header, { matches, filter }, result, isFirst);
      return;
    }
    return result.then((read) => this.#answer(request, connection, header, { matches, filter }, read, isFirst));
  }

  /** Once per pull, on its arrival, also when nothing is found; not again when it is woken. */
  #commit(header: PullMessageHeader): void {
    if ((header.sysFlag & PullSysFlag.COMMIT_OFFSET) === 0 || header.commitOffset < 0) return;
    this.#deps.offsets.commit(header.consumerGroup, header.topic, header.queueId, header.commitOffset);
  }

  #answer(
    request: RemotingCommand,
    connection: ServerConnection,
    header: PullMessageHeader,
    selection: Pick<ParkedPull, 'matches' | 'filter'>,
    result: GetMessageResult,
    isFirst: boolean,
  ): void {
    const code = codeOfRead(result, header.queueOffset);
    const isSuspending = isFirst && (header.sysFlag & PullSysFlag.SUSPEND) !== 0;
    if (code !== ResponseCode.PULL_NOT_FOUND || !isSuspending) {
      connection.respondFrame(request, new PullAnswer(request, code, result));
      return;
    }
    const { holds, environment, config } = this.#deps;
    if (!holds.isParking) {
      connection.respond(
        request,
        createResponse(request, ResponseCode.SERVICE_NOT_AVAILABLE, { remark: 'the broker is stopping' }),
      );
      return;
    }
    const suspendMs = config.longPollingEnable ? header.suspendTimeoutMillis : config.shortPollingTimeMills;
    holds.park({ request, connection, header, ...selection, deadlineMs: environment.clock.monotonic() + suspendMs });
  }
}

function refuse(request: RemotingCommand, connection: ServerConnection, { code, remark }: Refusal): void {
  connection.respond(request, createResponse(request, code, { remark }));
}
