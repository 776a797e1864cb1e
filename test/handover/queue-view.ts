import type { MessageExt } from '@orbitmq/protocol';
import { expect } from 'vitest';
import type { HandoverClient } from './handover-client.js';

export interface QueueName {
  readonly topic: string;
  readonly queueId: number;
}

/** All that a broker shows of one queue. */
export interface QueueView extends QueueName {
  readonly minOffset: number;
  readonly maxOffset: number;
  readonly messages: readonly SeenMessage[];
}

type SeenMessage = Omit<MessageExt, 'body' | 'propertiesBytes'> & { readonly body: string; readonly properties: string };

/** Every field of a message, so that two brokers that show it alike agree on every byte of its record. */
function seen(message: MessageExt): SeenMessage {
  const { body, propertiesBytes, ...fields } = message;
  return { ...fields, body: body.toString('latin1'), properties: propertiesBytes.toString('latin1') };
}

async function viewQueue(client: HandoverClient, { topic, queueId }: QueueName): Promise<QueueView> {
  const minOffset = await client.minOffset(topic, queueId);
  const maxOffset = await client.maxOffset(topic, queueId);
  // What came while it was read is left out.
  const messages = (await client.messages(topic, queueId, minOffset))
    .map(seen)
    .filter((message) => message.queueOffset < maxOffset);
  return { topic, queueId, minOffset, maxOffset, messages };
}

export async function viewQueues(client: HandoverClient, queues: readonly QueueName[]): Promise<readonly QueueView[]> {
  const views: QueueView[] = [];
  for (const queue of queues) views.push(await viewQueue(client, queue));
  return views;
}

/** The broker that took over shows all that the one before it showed, at the same offsets, byte for byte. */
export function expectContinued(before: readonly QueueView[], after: readonly QueueView[], who = 'the next broker'): void {
  for (const [index, earlier] of before.entries()) {
    const later = after[index];
    const name = `${earlier.topic}/${earlier.queueId} at ${who}`;
    expect(later?.minOffset, `min offset of ${name}`).toBe(earlier.minOffset);
    expect(later?.maxOffset ?? 0, `max offset of ${name}`).toBeGreaterThanOrEqual(earlier.maxOffset);
    expect(later?.messages.slice(0, earlier.messages.length), `messages of ${name}`).toEqual(earlier.messages);
    expectDense(later);
  }
}

/** Offsets follow one another from the minimum to the maximum: none is missing, none is given twice. */
function expectDense(view: QueueView | undefined): void {
  if (view === undefined) return;
  const offsets = view.messages.map(({ queueOffset }) => queueOffset);
  const expected = Array.from({ length: view.maxOffset - view.minOffset }, (_, index) => view.minOffset + index);
  expect(offsets, `offsets of ${view.topic}/${view.queueId}`).toEqual(expected);
}
