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
import type { GroupGets } from '../../stats/traffic-counters.js';
import type { GetMessageResult, MessageStore } from '../../store/message-store.js';
import { codeOfRead, PullAnswer } from './pull-answer.js';
import { checkPull, type PullCheckDeps } from './pull-checks.js';
import { PullFilters } from './pull-filters.js';
import { Refusal } from './refusal.js';

export interface PullMessageProcessorDeps extends PullCheckDeps {
  readonly environment: Environment;
  readonly store: MessageStore;
  readonly offsets: ConsumerOffsetManager;
  readonly holds: PullHoldService;
  readonly stats: { groupGets(topic: string, group: string): GroupGets };
  readonly reads: { read(messageCount: number, elapsedMs: number): void };
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
    request.wasHeld = true;
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
    const { offsets } = this.#deps;
    const resetOffset = connection.isOpen ? offsets.takeReset(header.consumerGroup, header.topic, header.queueId) : undefined;
    if (resetOffset !== undefined) {
      connection.respondFrame(request, this.#without(request, header, 'OFFSET_RESET', resetOffset));
      return;
    }
    if (isFirst) {
      this.#commit(header);
      offsets.notePull(header.consumerGroup, header.topic, header.queueId, header.queueOffset);
    }
    const matches = tagPredicate(subscription);
    const { topic, queueId, queueOffset, maxMsgNums } = header;
    const maxCount = Math.max(1, maxMsgNums);
    const hasRoom = (): boolean => !connection.isOpen || connection.isBehind !== true;
    if (!hasRoom()) {
      connection.respondFrame(request, this.#without(request, header, 'NO_MATCHED_MESSAGE', queueOffset));
      return;
    }
    const result = this.#deps.store.getMessage({ topic, queueId, queueOffset, maxCount, matches, filter, hasRoom });
    if (!(result instanceof Promise)) {
      this.#count(header, result, undefined);
      this.#answer(request, connection, header, { matches, filter }, result, isFirst);
      return;
    }
    const { clock } = this.#deps.environment;
    const startedMs = clock.monotonic();
    return result.then((read) => {
      this.#count(header, read, Math.floor(clock.monotonic() - startedMs));
      this.#answer(request, connection, header, { matches, filter }, read, isFirst);
    });
  }

  /**
   * An answer without messages. OFFSET_RESET: an operator has reset the group's offset; the reader is told once, and commits the new one
   * (5.x, page 32 §5, code 222). NO_MATCHED_MESSAGE: the reader asks again at once, when it has read what it has to read before.
   */
  #without(
    request: RemotingCommand,
    { topic, queueId }: PullMessageHeader,
    status: 'OFFSET_RESET' | 'NO_MATCHED_MESSAGE',
    nextBeginOffset: number,
  ): PullAnswer {
    const { store } = this.#deps;
    return new PullAnswer(request, codeOfRead({ status }, nextBeginOffset), {
      status,
      nextBeginOffset,
      minOffset: store.minOffset(topic, queueId),
      maxOffset: store.maxOffset(topic, queueId),
      slices: [],
      messageCount: 0,
      sizeBytes: 0,
    });
  }

  /** Once per pull, on its arrival, also when nothing is found; not again when it is woken. */
  #commit(header: PullMessageHeader): void {
    if ((header.sysFlag & PullSysFlag.COMMIT_OFFSET) === 0 || header.commitOffset < 0) return;
    this.#deps.offsets.commit(header.consumerGroup, header.topic, header.queueId, header.commitOffset);
  }

  /** `elapsedMs`: how long the read waited for files; undefined when it came from memory, in this turn. */
  #count(header: PullMessageHeader, result: GetMessageResult, elapsedMs: number | undefined): void {
    const { messageCount, sizeBytes } = result;
    this.#deps.reads.read(messageCount, elapsedMs ?? 0);
    if (messageCount === 0) return;
    this.#deps.stats.groupGets(header.topic, header.consumerGroup).add(header.queueId, messageCount, sizeBytes, elapsedMs);
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
