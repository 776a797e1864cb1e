/** LOCK_BATCH_MQ (41) and UNLOCK_BATCH_MQ (42) of orderly consumers (Java: AdminBrokerProcessor; page 05 §5). */
import {
  createResponse,
  encodeLockBatchResult,
  lockBatchSteps,
  type MessageQueue,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  type Steps,
} from '@orbitmq/protocol';
import type { RequestProcessor, ServerConnection } from '@orbitmq/remoting';
import type { LargeRequests } from '../../large-requests.js';
import type { RebalanceLockManager } from '../../order/rebalance-lock-manager.js';
import { requestBody } from '../request-body.js';

/** Queues one request may name; clients send those they have of one broker. */
const queuesPerBatchMax = 16_384;
/** Characters of a name: every lock that is granted is kept with them. */
const nameLengthMax = 1024;

function refusalOf(group: string, clientId: string, queues: readonly MessageQueue[]): string | undefined {
  if (queues.length > queuesPerBatchMax) return `${queues.length} queues in one request; the most is ${queuesPerBatchMax}`;
  const isNamed = (name: string): boolean => name.length <= nameLengthMax;
  if (isNamed(group) && isNamed(clientId) && queues.every(({ brokerName, topic }) => isNamed(brokerName) && isNamed(topic))) {
    return undefined;
  }
  return `a name in the request is longer than ${nameLengthMax} characters`;
}

export class LockBatchProcessor implements RequestProcessor {
  static readonly codes = [RequestCode.LOCK_BATCH_MQ, RequestCode.UNLOCK_BATCH_MQ];
  readonly #locks: RebalanceLockManager;

  readonly #large: LargeRequests;

  constructor(locks: RebalanceLockManager, large: LargeRequests) {
    this.#locks = locks;
    this.#large = large;
  }

  process(request: RemotingCommand, connection: ServerConnection): void | Promise<void> {
    // What a client locks and gives back is done in the order in which it came, and given back also by one that leaves then.
    const outlivesSender = request.code === RequestCode.UNLOCK_BATCH_MQ;
    const work = (): Steps<void | Promise<void>> => this.#decide(request, connection);
    return this.#large.run(request, connection, `locks of ${connection.id}`, work, { outlivesSender });
  }

  *#decide(request: RemotingCommand, connection: ServerConnection): Steps<void | Promise<void>> {
    const { consumerGroup, clientId, queues } = yield* lockBatchSteps(requestBody(request));
    const remark = refusalOf(consumerGroup, clientId, queues);
    if (remark !== undefined) {
      connection.respond(request, createResponse(request, ResponseCode.SYSTEM_ERROR, { remark }));
      return undefined;
    }
    if (request.code === RequestCode.LOCK_BATCH_MQ) {
      // What another client holds is left out of the answer, which succeeds all the same.
      const granted = this.#locks.tryLock(consumerGroup, clientId, queues);
      const grant = (): void => {
        connection.respond(request, createResponse(request, ResponseCode.SUCCESS, { body: encodeLockBatchResult([...granted]) }));
      };
      // A holder that the broker would not know after a crash must not be told that it is one.
      const durable = granted.length === 0 ? undefined : this.#locks.whenDurable();
      if (durable !== undefined) return durable.then(grant);
      grant();
      return undefined;
    }
    this.#locks.unlock(consumerGroup, clientId, queues);
    connection.respond(request, createResponse(request, ResponseCode.SUCCESS));
    return undefined;
  }
}
