import { RequestCode } from '@orbitmq/protocol';
import type { AdminContext } from '../admin-row.js';
import { askingBroker } from '../ask-broker.js';
import { storeMessages } from '../store-messages.js';

export const broker = ({ server }: AdminContext): readonly string[] => ['-b', server.brokerAddr];

export const nameOf = async ({ tool }: AdminContext): Promise<string> =>
  /^\S+\s+(\S+)\s+0\s/m.exec(await tool.output('clusterList'))?.[1] ?? 'no broker';

/** A topic of one queue with three messages, keys k0..k2. */
export async function threeMessages(context: AdminContext, topic: string): Promise<readonly string[]> {
  await context.tool.output('updateTopic', '-t', topic, ...broker(context), '-r', '1', '-w', '1');
  return storeMessages(context.server.brokerAddr, topic, 3);
}

/** Has ours carry out resets as the broker of the tool's version does: 4.9 tells the clients. */
export async function resetAsVersion({ server, version }: AdminContext): Promise<void> {
  if (version !== '4.9.7' || server.name !== 'OrbitMQ') return;
  await askingBroker(server.brokerAddr, (ask) => {
    return ask(RequestCode.UPDATE_BROKER_CONFIG, {}, 'useServerSideResetOffset=false\n');
  });
}
