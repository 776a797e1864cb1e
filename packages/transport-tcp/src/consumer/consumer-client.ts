import type { RemotingClient } from '@orbitmq/remoting';
import type { ClientInstance } from '../client/client-instance.js';

/** The part of the client instance that a consumer uses. */
export interface ConsumerClient
  extends Pick<
    ClientInstance,
    | 'clientId'
    | 'environment'
    | 'route'
    | 'refreshRoute'
    | 'watchTopic'
    | 'subscribeQueues'
    | 'publishQueues'
    | 'masterAddress'
    | 'readAddress'
    | 'brokersThatKnow'
    | 'registerConsumer'
    | 'unregisterConsumer'
    | 'heartbeat'
  > {
  readonly remoting: Pick<RemotingClient, 'invoke' | 'invokeOneway'>;
}
