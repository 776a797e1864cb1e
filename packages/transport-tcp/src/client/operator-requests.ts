/**
 * Requests of operators that brokers hand on to a client (Java: ClientRemotingProcessor; page 32 §2): 220 moves offsets, 221 and
 * 307 ask how consumption goes, 309 has one message consumed. A broker waits 10 s for an answer, so none is held back.
 */
import { isMqError, type Logger } from '@orbitmq/core/kernel';
import {
  consumeMessageDirectlyHeader,
  consumerRunningInfoHeader,
  consumerStatusHeader,
  createResponse,
  decodeResetOffsetBody,
  encodeClientStatus,
  encodeConsumeDirectlyResult,
  encodeConsumerRunningInfo,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  resetClientOffsetHeader,
} from '@orbitmq/protocol';
import type { RemotingClient } from '@orbitmq/remoting';
import type { ConsumerOperations } from './consumer-operations.js';

export interface OperatorRequestsOptions {
  readonly remoting: Pick<RemotingClient, 'registerHandler'>;
  readonly logger: Logger;
  /** Shown to operators, `a:9876;b:9876`. */
  readonly namesrvAddr: string;
  readonly operationsOf: (group: string) => ConsumerOperations | undefined;
}

export function registerOperatorRequests(options: OperatorRequestsOptions): void {
  const { remoting, logger, operationsOf, namesrvAddr } = options;
  remoting.registerHandler(RequestCode.RESET_CONSUMER_CLIENT_OFFSET, (request, address) => {
    try {
      resetOffsets(request, operationsOf);
    } catch (error) {
      if (!isMqError(error)) throw error;
      logger.warn('a reset of offsets cannot be read', { address, error });
    }
    // One-way, from every version.
    return undefined;
  });
  remoting.registerHandler(RequestCode.GET_CONSUMER_STATUS_FROM_CLIENT, (request) => {
    const { group, topic } = consumerStatusHeader.decodeCommand(request);
    // As Java: whoever does not consume for the group has consumed nothing.
    const body = encodeClientStatus(operationsOf(group)?.consumedOffsets(topic) ?? []);
    return createResponse(request, ResponseCode.SUCCESS, { body });
  });
  remoting.registerHandler(RequestCode.GET_CONSUMER_RUNNING_INFO, (request) => {
    const { consumerGroup } = consumerRunningInfoHeader.decodeCommand(request);
    const info = operationsOf(consumerGroup)?.runningInfo();
    if (info === undefined) return unknownGroup(request, consumerGroup);
    const properties = { ...info.properties, PROP_NAMESERVER_ADDR: namesrvAddr };
    return createResponse(request, ResponseCode.SUCCESS, { body: encodeConsumerRunningInfo({ ...info, properties }) });
  });
  remoting.registerHandler(RequestCode.CONSUME_MESSAGE_DIRECTLY, (request) => consumeDirectly(request, operationsOf));
}

function resetOffsets(request: RemotingCommand, operationsOf: OperatorRequestsOptions['operationsOf']): void {
  const { group, topic } = resetClientOffsetHeader.decodeCommand(request);
  if (request.body === undefined) return;
  operationsOf(group)?.resetOffsets(topic, decodeResetOffsetBody(request.body));
}

async function consumeDirectly(
  request: RemotingCommand,
  operationsOf: OperatorRequestsOptions['operationsOf'],
): Promise<RemotingCommand> {
  const { consumerGroup, brokerName = '' } = consumeMessageDirectlyHeader.decodeCommand(request);
  const operations = operationsOf(consumerGroup);
  if (operations === undefined) return unknownGroup(request, consumerGroup);
  if (request.body === undefined) return failed(request, 'the request carries no message');
  const consuming = operations.consumeDirectly(request.body, brokerName);
  if (consuming === undefined)
    return failed(request, 'the consumer takes no message now: it is not running, or it consumes too many for operators');
  return createResponse(request, ResponseCode.SUCCESS, { body: encodeConsumeDirectlyResult(await consuming) });
}

function unknownGroup(request: RemotingCommand, group: string): RemotingCommand {
  return failed(request, `The Consumer Group <${group}> not exist in this consumer`);
}

function failed(request: RemotingCommand, remark: string): RemotingCommand {
  return createResponse(request, ResponseCode.SYSTEM_ERROR, { remark });
}
