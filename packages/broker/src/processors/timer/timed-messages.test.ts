/** Timed messages from the request to the delivery: what a client sends, is told, and gets (pages 06 §5 and 25 §2). */
import {
  createRequest,
  decodeProperties,
  decodeRecallHandle,
  encodeBatch,
  encodeRecallHandle,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
  SystemTopic,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed, type SendFields } from '../../test-support/message-testbed.js';
import { decodeTimerCheck } from '../../timer/timer-check.js';

const timed = (properties: Readonly<Record<string, string>>, more: SendFields = {}): SendFields => ({
  ...more,
  propertyTable: { UNIQ_KEY: 'U1', ...properties },
});

const bodies = (bed: MessageTestbed, topic = 'TopicT'): string[] => bed.store.messages(topic).map(({ body }) => body.toString());

async function ask(bed: MessageTestbed, code: number, extFields: Record<string, string> = {}): Promise<RemotingCommand> {
  const connection = new FakeConnection();
  await bed.environment.time.settle(bed.process(createRequest(code, { extFields }), connection));
  await bed.environment.time.advance(10);
  return connection.responses[0]!;
}

const recall = (bed: MessageTestbed, fields: { topic?: string; recallHandle?: string | undefined }): Promise<RemotingCommand> => {
  const { topic = 'TopicT', recallHandle } = fields;
  return ask(bed, RequestCode.RECALL_MESSAGE, {
    producerGroup: 'PG',
    topic,
    ...(recallHandle === undefined ? {} : { recallHandle }),
  });
};

const recallable = { config: { recallMessageEnable: true } };

describe('a timed send', () => {
  it('is told its own queue, and waits in the timer topic', async () => {
    const bed = await messageTestbed();
    await bed.send({});
    const answer = await bed.send(
      timed({ TIMER_DELAY_SEC: '5', REAL_TOPIC: 'forged' }, { queueId: 2, body: Buffer.from('late') }),
    );
    expect(answer).toMatchObject({
      code: ResponseCode.SUCCESS,
      extFields: { queueId: '2', queueOffset: '0', transactionId: 'U1' },
    });
    expect(answer.extFields).not.toHaveProperty('recallHandle');
    const [waiting] = bed.store.messages(SystemTopic.TIMER);
    const properties = decodeProperties(waiting!.propertiesBytes);
    const outMs = Number(properties['TIMER_OUT_MS']);
    expect(properties).toMatchObject({ TIMER_DELAY_SEC: '5', REAL_TOPIC: 'TopicT', REAL_QID: '2' });
    expect(outMs % 1000).toBe(0);
    const asked = bed.environment.clock.now() + 5000;
    expect(asked - outMs).toBeLessThanOrEqual(1010);
    await bed.environment.time.advance(7000);
    const delivered = bed.store.messages('TopicT', 2).find(({ body }) => body.toString() === 'late');
    expect(delivered?.queueId).toBe(2);
    expect(delivered?.storeTimestamp).toBeGreaterThanOrEqual(outMs + 1000);
    await bed.stop();
  });

  it.each([
    ['DELAY counts, and the time is forgotten', { DELAY: '1', TIMER_DELAY_SEC: '60' }, SystemTopic.SCHEDULE],
    ['a time that has passed is none', { TIMER_DELIVER_MS: '1000' }, 'TopicT'],
    ['a message that has had its time gets no other', { TIMER_DELAY_SEC: '60', TIMER_OUT_MS: '1000' }, 'TopicT'],
  ])('%s', async (_, properties, topic) => {
    const bed = await messageTestbed();
    expect((await bed.send(timed(properties))).code).toBe(ResponseCode.SUCCESS);
    const [message] = bed.store.messages(topic);
    expect(message).toBeDefined();
    if (topic === SystemTopic.SCHEDULE) {
      expect(decodeProperties(message!.propertiesBytes)).not.toHaveProperty('TIMER_DELAY_SEC');
    }
  });

  it('is refused by a broker without a timer; others are not', async () => {
    const bed = await messageTestbed({ config: { timerWheelEnable: false } });
    const answer = await bed.send(timed({ TIMER_DELAY_SEC: '5' }));
    expect(answer).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: expect.stringContaining('timerWheelEnable is false'),
    });
    expect((await bed.send({})).code).toBe(ResponseCode.SUCCESS);
    expect(bed.topics.get(SystemTopic.TIMER)).toBeUndefined();
  });

  it('is refused when too many wait for its second', async () => {
    const bed = await messageTestbed({ config: { timerCongestNumEachSlot: 1 } });
    const at = { TIMER_DELIVER_MS: String(Math.ceil(bed.environment.clock.now() / 1000) * 1000 + 60_000) };
    const codes = [];
    for (let i = 0; i < 3; i += 1) {
      codes.push((await bed.send(timed(at))).code);
      await bed.environment.time.advance(100);
    }
    expect(codes[0]).toBe(ResponseCode.SUCCESS);
    expect(codes[2]).toBe(ResponseCode.SYSTEM_ERROR);
  });

  it('in a batch: the batch has no time of its own, and its messages count as plain ones, as with Apache', async () => {
    const bed = await messageTestbed();
    const entry = { flag: 0, body: Buffer.from('entry'), properties: 'TIMER_DELAY_SEC\u000160\u0002' };
    const batch = { code: RequestCode.SEND_BATCH_MESSAGE, batch: true, body: encodeBatch([entry]) };
    expect((await bed.send(timed({ TIMER_DELAY_SEC: '60' }, batch))).code).toBe(ResponseCode.MESSAGE_ILLEGAL);
    expect((await bed.send(batch)).code).toBe(ResponseCode.SUCCESS);
    expect(bodies(bed)).toEqual(['entry']);
  });

  it('with an idempotency key is stored and delivered once', async () => {
    const bed = await messageTestbed();
    const send = () => bed.send(timed({ TIMER_DELAY_SEC: '3', ORBITMQ_IDEMPOTENCY_KEY: 'k' }, { body: Buffer.from('once') }));
    const [first, second] = [await send(), await send()];
    expect([first.code, second.code]).toEqual([ResponseCode.SUCCESS, ResponseCode.SUCCESS]);
    expect(second.extFields?.['msgId']).toBe(first.extFields?.['msgId']);
    await bed.environment.time.advance(6000);
    expect(bodies(bed)).toEqual(['once']);
    expect((await send()).extFields?.['msgId']).toBe(first.extFields?.['msgId']);
    await bed.environment.time.advance(6000);
    expect(bodies(bed)).toEqual(['once']);
  });

  it('that is repeated is told the recall handle of the first, which takes it back', async () => {
    const bed = await messageTestbed(recallable);
    const send = (uniqueKey: string) =>
      bed.send(timed({ UNIQ_KEY: uniqueKey, TIMER_DELAY_SEC: '5', ORBITMQ_IDEMPOTENCY_KEY: 'k' }));
    const first = await send('U1');
    await bed.environment.time.advance(2500);
    const repeat = await send('U2');
    expect(first.extFields?.['recallHandle']).toBeDefined();
    expect(repeat.extFields).toEqual(first.extFields);
    expect((await recall(bed, { recallHandle: repeat.extFields?.['recallHandle'] })).code).toBe(ResponseCode.SUCCESS);
    await bed.environment.time.advance(8000);
    expect(bodies(bed)).toEqual([]);
  });
});

describe('a recall', () => {
  it('takes back the message of the handle', async () => {
    const bed = await messageTestbed(recallable);
    await bed.send(timed({ UNIQ_KEY: 'kept', TIMER_DELAY_SEC: '5' }, { body: Buffer.from('kept') }));
    const sent = await bed.send(timed({ TIMER_DELAY_SEC: '5' }, { body: Buffer.from('taken back') }));
    const recallHandle = sent.extFields?.['recallHandle'] ?? '';
    expect(decodeRecallHandle(recallHandle)).toMatchObject({ topic: 'TopicT', brokerName: 'broker-a', uniqueKey: 'U1' });
    const answer = await recall(bed, { recallHandle });
    expect(answer).toMatchObject({ code: ResponseCode.SUCCESS, extFields: { msgId: 'U1', MSG_REGION: 'DefaultRegion' } });
    const cancellation = bed.store.messages(SystemTopic.TIMER).at(-1);
    const properties = decodeProperties(cancellation!.propertiesBytes);
    expect(properties).toMatchObject({ TIMER_DEL_UNIQKEY: 'U1', UNIQ_KEY: 'U1', TAGS: '_RECALL_TAG_', REAL_TOPIC: 'TopicT' });
    expect(cancellation!.body.toString()).toBe('0');
    await bed.environment.time.advance(8000);
    expect(bodies(bed)).toEqual(['kept']);
  });

  it('in the last millisecond counts', async () => {
    const bed = await messageTestbed(recallable);
    const deliverMs = Math.ceil(bed.environment.clock.now() / 1000) * 1000 + 3000;
    const sent = await bed.send(timed({ TIMER_DELIVER_MS: String(deliverMs) }));
    const outMs = deliverMs - 1000;
    await bed.environment.time.advance(outMs - bed.environment.clock.now() - 20);
    const answer = await recall(bed, { recallHandle: sent.extFields?.['recallHandle'] });
    expect(answer.code).toBe(ResponseCode.SUCCESS);
    await bed.environment.time.advance(5000);
    expect(bodies(bed)).toEqual([]);
    expect((await recall(bed, { recallHandle: sent.extFields?.['recallHandle'] })).code).toBe(ResponseCode.ILLEGAL_OPERATION);
  });

  it('that is durable only when the message may have been delivered fails', async () => {
    const bed = await messageTestbed(recallable);
    const deliverMs = Math.ceil(bed.environment.clock.now() / 1000) * 1000 + 3000;
    const sent = await bed.send(timed({ TIMER_DELIVER_MS: String(deliverMs) }, { body: Buffer.from('late') }));
    await bed.environment.time.advance(deliverMs - 1020 - bed.environment.clock.now());
    bed.store.nextStatuses.push('FLUSH_LATE');
    const connection = new FakeConnection();
    const extFields = { producerGroup: 'PG', topic: 'TopicT', recallHandle: sent.extFields?.['recallHandle'] ?? '' };
    await bed.environment.time.settle(bed.process(createRequest(RequestCode.RECALL_MESSAGE, { extFields }), connection));
    expect(bodies(bed)).toEqual(['late']);
    expect(connection.responses[0]).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: expect.stringContaining('may have been delivered'),
    });
  });

  it('is refused when too many messages of its second were taken back', async () => {
    const bed = await messageTestbed({ config: { recallMessageEnable: true, timerCongestNumEachSlot: 1 } });
    const at = { TIMER_DELIVER_MS: String(Math.ceil(bed.environment.clock.now() / 1000) * 1000 + 60_000) };
    const sent = await bed.send(timed(at));
    const codes = [];
    for (let i = 0; i < 3; i += 1) {
      codes.push((await recall(bed, { recallHandle: sent.extFields?.['recallHandle'] })).code);
      await bed.environment.time.advance(100);
    }
    expect([codes[0], codes[2]]).toEqual([ResponseCode.SUCCESS, ResponseCode.SYSTEM_ERROR]);
  });

  const inTenSeconds = (bed: MessageTestbed): number => bed.environment.clock.now() + 10_000;
  const handle = (timestamp: number, more: object = {}): string =>
    encodeRecallHandle({ topic: 'TopicT', brokerName: 'broker-a', timestamp, uniqueKey: 'U1', ...more });

  it.each([
    ['of a topic that is not there', { topic: 'Other' }, 'Other', ResponseCode.TOPIC_NOT_EXIST],
    ['of another topic', { topic: 'TopicU' }, 'TopicT', ResponseCode.ILLEGAL_OPERATION],
    ['of another broker', { brokerName: 'broker-b' }, 'TopicT', ResponseCode.ILLEGAL_OPERATION],
    ['whose key would end the property', { uniqueKey: 'U\u0002DELAY\u00011' }, 'TopicT', ResponseCode.ILLEGAL_OPERATION],
    ['too far ahead', { timestamp: Number.MAX_SAFE_INTEGER }, 'TopicT', ResponseCode.ILLEGAL_OPERATION],
  ])('%s is refused', async (_, more, topic, code) => {
    const bed = await messageTestbed(recallable);
    await bed.send({});
    expect((await recall(bed, { topic, recallHandle: handle(inTenSeconds(bed), more) })).code).toBe(code);
    expect(bed.store.messages(SystemTopic.TIMER)).toEqual([]);
  });

  it('without a handle is refused, and so is every one where recalls are off', async () => {
    const bed = await messageTestbed(recallable);
    await bed.send({});
    expect((await recall(bed, {})).code).toBe(ResponseCode.ILLEGAL_OPERATION);
    const off = await messageTestbed();
    await off.send({});
    expect((await recall(off, { recallHandle: handle(inTenSeconds(off)) })).code).toBe(ResponseCode.NO_PERMISSION);
  });

  it('is refused by a broker without a timer', async () => {
    const bed = await messageTestbed({ config: { recallMessageEnable: true, timerWheelEnable: false } });
    await bed.send({});
    expect((await recall(bed, { recallHandle: handle(inTenSeconds(bed)) })).code).toBe(ResponseCode.SYSTEM_ERROR);
  });

  it('that is not stored is told so', async () => {
    const bed = await messageTestbed(recallable);
    await bed.send({});
    bed.store.nextStatuses.push('DISK_FULL');
    expect((await recall(bed, { recallHandle: handle(inTenSeconds(bed)) })).code).toBe(ResponseCode.SERVICE_NOT_AVAILABLE);
  });
});

describe('the timer tells', () => {
  it('how far it is, and how many messages of each topic wait', async () => {
    const bed = await messageTestbed();
    for (const topic of ['TopicT', 'TopicT', 'TopicU']) await bed.send(timed({ TIMER_DELAY_SEC: '10' }, { topic }));
    await bed.environment.time.advance(2000);
    const check = await ask(bed, RequestCode.GET_TIMER_CHECK_POINT);
    expect(check.body).toHaveLength(56);
    expect(decodeTimerCheck(check.body!)).toMatchObject({ queueOffset: 3, masterQueueOffset: 3, logFlushedEnd: 156 });
    const metrics = await ask(bed, RequestCode.GET_TIMER_METRICS);
    expect(JSON.parse(metrics.body!.toString())).toMatchObject({ timingCount: { TopicT: { count: 2 }, TopicU: { count: 1 } } });
    expect(bed.services.gauges.timer()).toMatchObject({ pendingCount: 3, offsetBehind: 0, enqueuedPerSecond: 0.3 });
    await bed.environment.time.advance(15_000);
    const after = await ask(bed, RequestCode.GET_TIMER_METRICS);
    expect(JSON.parse(after.body!.toString())).toMatchObject({ timingCount: { TopicT: { count: 0 }, TopicU: { count: 0 } } });
  });

  it('that there is none', async () => {
    const bed = await messageTestbed({ config: { timerWheelEnable: false } });
    for (const code of [RequestCode.GET_TIMER_CHECK_POINT, RequestCode.GET_TIMER_METRICS]) {
      expect(await ask(bed, code)).toMatchObject({ code: ResponseCode.SYSTEM_ERROR, remark: expect.stringContaining('is null') });
    }
    expect(bed.services.gauges.timer()).toMatchObject({ pendingCount: 0 });
  });
});
