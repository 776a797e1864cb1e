import { isMqError, type Logger } from '@orbitmq/core/kernel';
import {
  consumerGroupHeader,
  decodeRecord,
  findProperty,
  PropertyName,
  type RemotingCommand,
  RequestCode,
} from '@orbitmq/protocol';
import type { RemotingClient } from '@orbitmq/remoting';
import type { ProducerRegistry } from './producer-registry.js';

export interface BrokerRequestsOptions {
  readonly remoting: RemotingClient;
  readonly logger: Logger;
  readonly producers: ProducerRegistry;
  readonly onGroupChanged: (group: string) => void;
}

/**
 * What brokers ask of a client (Java: ClientRemotingProcessor): both requests are one-way, so a malformed one is logged
 * and dropped. Codes that are not registered here are refused by the remoting client with REQUEST_CODE_NOT_SUPPORTED.
 */
export function registerBrokerRequests(options: BrokerRequestsOptions): void {
  const { remoting, logger, producers, onGroupChanged } = options;

  const groupChanged = (request: RemotingCommand): void => {
    onGroupChanged(consumerGroupHeader.decodeCommand(request).consumerGroup);
  };

  const checkTransaction = (request: RemotingCommand, address: string): void => {
    const group = producerGroupOf(request);
    const handler = group === undefined ? undefined : producers.handlerOf(group);
    if (handler === undefined) {
      logger.warn('a broker asks for the outcome of a transaction that no producer here answers for', { address, group });
      return;
    }
    handler(request, address);
  };

  const register = (code: number, handle: (request: RemotingCommand, address: string) => void): void => {
    remoting.registerHandler(code, (request, address) => {
      try {
        handle(request, address);
      } catch (error) {
        if (!isMqError(error)) throw error;
        logger.warn('a request of a broker cannot be read', { address, code, error });
      }
      return undefined;
    });
  };

  register(RequestCode.NOTIFY_CONSUMER_IDS_CHANGED, groupChanged);
  register(RequestCode.CHECK_TRANSACTION_STATE, checkTransaction);
}

/** The message's own property decides, not the header (page 07 §4). */
function producerGroupOf(request: RemotingCommand): string | undefined {
  if (request.body === undefined) return undefined;
  return findProperty(decodeRecord(request.body).propertiesBytes, PropertyName.PRODUCER_GROUP);
}
