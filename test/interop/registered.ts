import { systemEnvironment } from '@orbitmq/core/kernel';
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
      const answer = await client.invoke(namesrvAddr, createRequest(RequestCode.GET_ROUTEINFO_BY_TOPIC, { extFields }), {
        timeoutMs: 3000,
      });
      if (answer.code !== ResponseCode.SUCCESS || answer.body === undefined) return false;
      return decodeRoute(answer.body).brokerDatas.some((broker) => Object.values(broker.brokerAddrs).includes(brokerAddr));
    });
  } finally {
    await client.stop();
  }
}
