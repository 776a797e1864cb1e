import { encodeProperties, RequestCode } from '@orbitmq/protocol';
import type { RawBroker } from './raw-broker.js';
import { type RefusalRow, sendOf } from './refusal-rows.js';

/** The queue that the answer names, of a send to queue 1; or the code of its refusal. */
function queueOf(name: string, topic: string, priority: string, byMake: Newer, batch = false): RefusalRow {
  const [theirs, ours] = byMake;
  return {
    name: `${name} with priority "${priority}"`,
    verdict: async (broker: RawBroker) => {
      const properties = encodeProperties({ _SYS_MSG_PRIORITY_: priority });
      const request = sendOf({ header: { topic, queueId: 1, properties, batch } });
      const { code, extFields } = await broker.ask(
        batch ? { ...request, code: RequestCode.SEND_BATCH_MESSAGE, body: batchBody } : request,
      );
      return code === 0 ? `queue ${extFields?.['queueId']}` : code;
    },
    expected: { '4.9.7': stays, '5.5.0': theirs, ours },
  };
}

const batchBody = Buffer.from(`${'0000001a'}00000000000000000000000000000004${Buffer.from('text').toString('hex')}0000`, 'hex');
const stays = 'queue 1';
const queue = (id: number): string => `queue ${id}`;
const both = (id: number): Newer => [queue(id), queue(id)];
/** What 5.5.0 answers, and ours; 4.9.7 knows no priorities. */
type Newer = readonly [theirs: string, ours: string];

function onType(topic: string): readonly RefusalRow[] {
  // 5.5.0 does not look at the type.
  return [0, 3].map((priority) => queueOf(`a send to ${topic}`, topic, String(priority), [queue(priority), stays]));
}

/** What of 5.5.0 a topic of type PRIORITY is needed for, which 4.9.7 does not know. */
export async function preparePriority(broker: RawBroker): Promise<void> {
  for (const type of ['PRIORITY', 'NORMAL', 'FIFO', 'DELAY', 'TRANSACTION', 'MIXED', 'UNSPECIFIED']) {
    await broker.createTopic(`Type${type}`, { attributes: `+message.type=${type}`, readQueueNums: '8' });
  }
  await broker.createTopic('TypeNone', { readQueueNums: '8' });
}

export const priorityRows: readonly RefusalRow[] = [
  ...['0', '2', '3', '4', '5', '100', '2147483647'].map((priority) =>
    queueOf('a send', 'TypePRIORITY', priority, both(Math.min(Number(priority), 3))),
  ),
  queueOf('a send', 'TypePRIORITY', '+2', both(2)),
  // Java reads the digits of every script.
  queueOf('a send', 'TypePRIORITY', '٢', [queue(2), stays]),
  ...['-1', '2147483648', 'abc', ' 2', '2 ', '0x2', '2.0'].map((priority) =>
    queueOf('a send', 'TypePRIORITY', priority, both(1)),
  ),
  queueOf('a batch', 'TypePRIORITY', '3', both(1), true),
  ...['TypeNone', 'TypeNORMAL', 'TypeFIFO', 'TypeDELAY', 'TypeTRANSACTION', 'TypeMIXED', 'TypeUNSPECIFIED'].flatMap(onType),
];
