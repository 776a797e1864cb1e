import {
  buildSubscription,
  decodePullMessage,
  decodeRecords,
  Permission,
  PullSysFlag,
  type RemotingCommand,
  RequestCode,
  ResponseCode,
} from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { sqlLimits } from '../../filter/sql/sql-limits.js';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { type MessageTestbed, messageTestbed, type PullFields, pullRequest } from '../../test-support/message-testbed.js';
import { PullFilters } from './pull-filters.js';

const readWrite = Permission.READ | Permission.WRITE;
const sql = { expressionType: 'SQL92' };

async function bedWith(
  amounts: readonly string[],
  config: NonNullable<Parameters<typeof messageTestbed>[0]>['config'] = { enablePropertyFilter: true },
): Promise<MessageTestbed> {
  const bed = await messageTestbed({ config });
  bed.topics.ensure('TopicT', 4, readWrite);
  for (const amount of amounts) await bed.send({ body: Buffer.from(amount), propertyTable: { amount } });
  return bed;
}

async function pull(
  bed: MessageTestbed,
  fields: PullFields,
  connection = new FakeConnection(),
): Promise<RemotingCommand | undefined> {
  await bed.process(pullRequest({ ...sql, ...fields }), connection);
  return connection.lastResponse;
}

const bodies = (answer: RemotingCommand | undefined): readonly string[] =>
  decodeRecords(answer?.body ?? Buffer.alloc(0)).map(({ body }) => body.toString());

function subscribeSql(bed: MessageTestbed, subString: string, subVersion: number, expressionType = 'SQL92'): void {
  bed.consumers.register(
    { connection: new FakeConnection(), clientId: 'c', language: 0, version: 400 },
    {
      groupName: 'CG_A',
      consumeType: 'CONSUME_PASSIVELY',
      messageModel: 'CLUSTERING',
      consumeFromWhere: undefined,
      subscriptionDataSet: [{ ...buildSubscription('TopicT', '*', subVersion), subString, expressionType }],
      unitMode: false,
    },
    false,
  );
}

describe('a pull that carries its expression', () => {
  it('gets the messages of which it is true, and an offset behind all that were looked at', async () => {
    const bed = await bedWith(['5', '50', '7', '70', '9']);
    const answer = await pull(bed, { subscription: 'amount > 10' });
    expect(answer?.code).toBe(ResponseCode.SUCCESS);
    expect(bodies(answer)).toEqual(['50', '70']);
    expect(answer?.extFields?.['nextBeginOffset']).toBe('5');
  });

  it('20: nothing passes', async () => {
    const answer = await pull(await bedWith(['5', 'x']), { subscription: 'amount > 10' });
    expect(answer?.code).toBe(ResponseCode.PULL_RETRY_IMMEDIATELY);
    expect(answer?.extFields?.['nextBeginOffset']).toBe('2');
  });

  it.each(['amount >', 'amount = NULL'])('as Apache, gets everything when it is wrong: %s', async (subscription) => {
    expect(bodies(await pull(await bedWith(['5', '50']), { subscription }))).toEqual(['5', '50']);
  });

  it('as Apache, gets everything when its type is unknown', async () => {
    expect(bodies(await pull(await bedWith(['5']), { subscription: 'x', expressionType: 'XPATH' }))).toEqual(['5']);
  });

  it('23: without an expression', async () => {
    expect((await pull(await bedWith(['5']), { subscription: '' }))?.code).toBe(ResponseCode.SUBSCRIPTION_PARSE_FAILED);
  });

  it('23: one beyond our limits, which would filter there', async () => {
    const subscription = `amount = 1 OR amount = '${'x'.repeat(sqlLimits.expressionCharsMax)}'`;
    expect((await pull(await bedWith(['5']), { subscription }))?.code).toBe(ResponseCode.SUBSCRIPTION_PARSE_FAILED);
  });

  it('1: the broker does not filter by properties', async () => {
    expect(await pull(await bedWith(['5'], {}), { subscription: 'amount > 1' })).toMatchObject({
      code: ResponseCode.SYSTEM_ERROR,
      remark: 'The broker does not support consumer to filter message by SQL92',
    });
  });
});

describe('a pull by the expression of the heartbeats', () => {
  it('gets the messages of which it is true', async () => {
    const bed = await bedWith(['5', '50']);
    subscribeSql(bed, 'amount > 10', 3);
    expect(bodies(await pull(bed, { sysFlag: 0, subVersion: 3 }))).toEqual(['50']);
  });

  it('25: the broker does not know the version', async () => {
    const bed = await bedWith(['5']);
    subscribeSql(bed, 'amount > 10', 3);
    bed.consumers.setFingerprint('CG_A', 11);
    expect((await pull(bed, { sysFlag: 0, subVersion: 4 }))?.code).toBe(ResponseCode.SUBSCRIPTION_NOT_LATEST);
    // The next heartbeat that leaves the subscriptions out is told to bring them.
    expect(bed.consumers.fingerprint('CG_A')).toBe(0);
  });

  it.each(['SQL92', 'XPATH'])('27: there are no filter data, since the %s expression is wrong', async (type) => {
    const bed = await bedWith(['5']);
    subscribeSql(bed, 'amount >', 3, type);
    expect(await pull(bed, { sysFlag: 0, subVersion: 3 })).toMatchObject({
      code: ResponseCode.FILTER_DATA_NOT_EXIST,
      remark: "The broker's consumer filter data is not exist!Your expression may be wrong!",
    });
  });

  it('27 as well for the older version, when a newer expression is wrong; a right one ends it', async () => {
    const bed = await bedWith(['5', '50']);
    subscribeSql(bed, 'amount > 10', 3);
    await pull(bed, { sysFlag: 0, subVersion: 3 });
    subscribeSql(bed, 'amount >', 4);
    expect((await pull(bed, { sysFlag: 0, subVersion: 3 }))?.code).toBe(ResponseCode.FILTER_DATA_NOT_EXIST);
    subscribeSql(bed, 'amount < 10', 5);
    expect(bodies(await pull(bed, { sysFlag: 0, subVersion: 5 }))).toEqual(['5']);
  });

  it('whether it is right comes first, then whether the broker filters by properties', async () => {
    const bed = await bedWith(['5'], {});
    subscribeSql(bed, 'amount >', 3);
    expect((await pull(bed, { sysFlag: 0, subVersion: 3 }))?.code).toBe(ResponseCode.FILTER_DATA_NOT_EXIST);
    subscribeSql(bed, 'amount > 1', 4);
    expect((await pull(bed, { sysFlag: 0, subVersion: 4 }))?.code).toBe(ResponseCode.SYSTEM_ERROR);
  });
});

describe('a parked pull', () => {
  const suspending = { sysFlag: PullSysFlag.SUBSCRIPTION | PullSysFlag.SUSPEND, subscription: 'amount > 10' };

  it('is woken by a message that passes, and by no other', async () => {
    const bed = await bedWith([]);
    const connection = new FakeConnection();
    await pull(bed, suspending, connection);
    for (const amount of ['1', '2', 'x']) await bed.send({ propertyTable: { amount } });
    expect(connection.responses).toEqual([]);
    await bed.send({ body: Buffer.from('right'), propertyTable: { amount: '11' } });
    expect(connection.lastResponse?.code).toBe(ResponseCode.SUCCESS);
    expect(bodies(connection.lastResponse)).toEqual(['right']);
    expect(connection.lastResponse?.extFields?.['nextBeginOffset']).toBe('4');
  });

  it('is answered by the scan after 5 s with the offset behind what did not pass', async () => {
    const bed = await bedWith([]);
    const connection = new FakeConnection();
    await pull(bed, suspending, connection);
    await bed.send({ propertyTable: { amount: '1' } });
    await bed.environment.time.advance(5000);
    expect(connection.lastResponse).toMatchObject({ code: ResponseCode.PULL_RETRY_IMMEDIATELY });
    expect(connection.lastResponse?.extFields?.['nextBeginOffset']).toBe('1');
  });
});

describe('what a group gets again', () => {
  async function bedWithRetries(filterSupportRetry: boolean): Promise<MessageTestbed> {
    const bed = await bedWith([], { enablePropertyFilter: true, filterSupportRetry });
    bed.topics.ensure('%RETRY%CG_A', 1, readWrite);
    for (const [amount, topic] of [
      ['5', 'TopicT'],
      ['50', 'TopicT'],
      ['6', 'Other'],
    ] as const) {
      await bed.send({ topic: '%RETRY%CG_A', body: Buffer.from(amount), propertyTable: { amount, RETRY_TOPIC: topic } });
    }
    subscribeSql(bed, 'amount > 10', 3);
    return bed;
  }
  const retries: PullFields = { topic: '%RETRY%CG_A', expressionType: 'TAG', subscription: '*' };

  it('is not filtered by its expression', async () => {
    expect(bodies(await pull(await bedWithRetries(false), retries))).toEqual(['5', '50', '6']);
  });

  it('with filterSupportRetry it is, by that of the topic it came from', async () => {
    expect(bodies(await pull(await bedWithRetries(true), retries))).toEqual(['50', '6']);
  });
});

describe('a look of a filter by the topic that a retried message came from', () => {
  const largeChars = 30_000;
  const topicCount = 20;

  async function costsOf(expressionOf: (topic: string) => string): Promise<readonly number[]> {
    const bed = await bedWith([]);
    bed.topics.ensure('%RETRY%CG_A', 1, readWrite);
    const subscription = (_group: string, topic: string) => {
      return { ...buildSubscription(topic, '*', 1), subString: expressionOf(topic), expressionType: 'SQL92' };
    };
    const config = { enablePropertyFilter: true, filterSupportRetry: true };
    const filters = new PullFilters({ config, consumers: { subscription } });
    const request = pullRequest({ topic: '%RETRY%CG_A', expressionType: 'TAG', subscription: '*' });
    const filter = filters.filterOf(decodePullMessage(request), buildSubscription('%RETRY%CG_A', '*', 1));
    if (filter === undefined || !('matches' in filter)) throw new Error('no filter');
    const costs: number[] = [];
    for (let offset = 0; offset < 2 * topicCount; offset += 1) {
      await bed.send({ topic: '%RETRY%CG_A', propertyTable: { RETRY_TOPIC: `T${offset % topicCount}` } });
      const where = { topic: '%RETRY%CG_A', queueId: 0, queueOffset: offset, maxCount: 1, matches: undefined };
      const [record] = (await bed.store.getMessage(where)).slices;
      filter.matches(record as Buffer);
      costs.push(filter.lastCost);
    }
    return costs;
  }

  it('costs what it takes to compile its expression, each time that expressions push each other out', async () => {
    const costs = await costsOf((topic) => `a = '${topic}' OR a = '${'x'.repeat(largeChars)}'`);
    // More than ends a read: one is compiled in each.
    expect(Math.min(...costs)).toBeGreaterThan(100 * largeChars);
  });

  it('costs that once where they have room', async () => {
    const costs = await costsOf((topic) => `a = '${topic}' OR a = '${'x'.repeat(1000)}'`);
    expect(Math.min(...costs.slice(0, topicCount))).toBeGreaterThan(100 * 1000);
    expect(Math.max(...costs.slice(topicCount))).toBeLessThan(10_000);
  });
});

describe('a pull of a lite pull consumer of 5.x (361)', () => {
  const litePull = async (litePullMessageEnable: boolean): Promise<RemotingCommand | undefined> => {
    const bed = await bedWith(['5', '50'], { enablePropertyFilter: true, litePullMessageEnable });
    const connection = new FakeConnection();
    const request = pullRequest({ ...sql, subscription: 'amount > 10' });
    await bed.process({ ...request, code: RequestCode.LITE_PULL_MESSAGE }, connection);
    return connection.lastResponse;
  };

  it('is answered as any other', async () => {
    expect(bodies(await litePull(true))).toEqual(['50']);
  });

  it('16: the broker takes none', async () => {
    expect(await litePull(false)).toMatchObject({
      code: ResponseCode.NO_PERMISSION,
      remark: 'the broker[127.0.0.1] for lite pull consumer is forbidden',
    });
  });
});
