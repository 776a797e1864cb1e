import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, type ExtFields, parseFastjson, type RemotingCommand, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';

export type AskBroker = (code: number, extFields?: ExtFields, body?: string) => Promise<RemotingCommand>;

/** Requests as a tool could send them, over one connection of their own. */
export async function askingBroker<Result>(brokerAddr: string, run: (ask: AskBroker) => Promise<Result>): Promise<Result> {
  const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  try {
    return await run((code, extFields = {}, body) => {
      const request = createRequest(code, { extFields, ...(body === undefined ? {} : { body: Buffer.from(body) }) });
      return client.invoke(brokerAddr, request, { timeoutMs: 15_000 });
    });
  } finally {
    await client.stop({ deadlineMs: 0 });
  }
}

/** Commits offsets as a consumer does. */
export async function commitOffsets(
  brokerAddr: string,
  consumerGroup: string,
  topic: string,
  offsets: readonly number[],
): Promise<void> {
  await askingBroker(brokerAddr, async (ask) => {
    for (const [queueId, commitOffset] of offsets.entries()) {
      const fields = { consumerGroup, topic, queueId: String(queueId), commitOffset: String(commitOffset) };
      const { code, remark } = await ask(RequestCode.UPDATE_CONSUMER_OFFSET, fields);
      if (code !== ResponseCode.SUCCESS) throw new Error(`${brokerAddr} does not take an offset: ${code} ${remark}`);
    }
  });
}

/** An answer with its members in order, so that two brokers can be compared. */
export function answerText({ code, remark, extFields = {}, body }: RemotingCommand): string {
  const said = code === ResponseCode.SUCCESS ? '' : ` ${remark ?? ''}`;
  const fields = Object.keys(extFields).length === 0 ? '' : ` ${JSON.stringify(sorted(extFields))}`;
  const content = body === undefined || body.length === 0 ? '' : ` ${JSON.stringify(sorted(parseFastjson(body.toString())))}`;
  return `${code}${said}${fields}${content}`;
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (typeof value !== 'object' || value === null) return typeof value === 'bigint' ? String(value) : value;
  return Object.fromEntries(
    Object.entries(value)
      .toSorted(([a], [b]) => (a < b ? -1 : 1))
      .map(([key, member]) => [key, sorted(member)]),
  );
}
