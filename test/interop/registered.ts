import { systemEnvironment, TransportError } from '@orbitmq/core/kernel';
import { createRequest, decodeRoute, getRouteInfoHeader, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { waitUntil } from '../support/wait-until.js';

/** Waits until the NameServer has the broker in a route: its port answers earlier than that. */
export async function brokerRegistered(namesrvAddr: string, brokerAddr: string, limitMs: number): Promise<void> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  const extFields = getRouteInfoHeader.encode({ topic: 'TBW102', acceptStandardJsonOnly: undefined });
  try {
    await waitUntil(`${brokerAddr} is registered at ${namesrvAddr}`, limitMs, async () => {
      const request = createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, { extFields });
      const answer = await client.invoke(namesrvAddr, request, { timeoutMs: 3000 }).catch((error: unknown) => {
        // A JVM that has just begun to listen may need longer for its first answer.
        if (error instanceof TransportError) return undefined;
        throw error;
      });
      if (answer === undefined || answer.code !== ResponseCode.SUCCESS || answer.body === undefined) return false;
      return decodeRoute(answer.body).brokerDatas.some((broker) => Object.values(broker.brokerAddrs).includes(brokerAddr));
    });
  } finally {
    await client.stop();
  }
}
