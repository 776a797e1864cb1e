/** The two commands as a user starts them: real processes, real sockets, a real directory. */
import { chmodSync, existsSync, lstatSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, decodeRoute, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, type RemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { Child } from './support/child.js';
import { freePort } from './support/free-port.js';
import { temporaryDirectory } from './support/temporary-directory.js';
import { verifies } from './support/verifies.js';
import { waitUntil } from './support/wait-until.js';

const bins = join(dirname(fileURLToPath(import.meta.url)), '../packages/broker/bin');
const startLimitMs = 20_000;

let directory: Awaited<ReturnType<typeof temporaryDirectory>>;
let client: RemotingClient;
let children: Child[];

beforeEach(async () => {
  directory = await temporaryDirectory('bins');
  client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
  await client.start();
  children = [];
});

afterEach(async () => {
  await client.stop();
  await Promise.all(children.map((child) => child.kill('SIGKILL')));
  await directory.remove();
});

function run(bin: 'mqbroker' | 'mqnamesrv', args: readonly string[], env: Readonly<Record<string, string>> = {}): Child {
  const child = new Child(process.execPath, [join(bins, `${bin}.js`), ...args], {
    env: { ...process.env, NAMESRV_ADDR: '', ...env },
  });
  children.push(child);
  return child;
}

function configFile(name: string, keys: Readonly<Record<string, string | number>>): string {
  const path = join(directory.path, name);
  writeFileSync(
    path,
    Object.entries(keys)
      .map(([key, value]) => `${key}=${value}\n`)
      .join(''),
  );
  return path;
}

async function ended(child: Child): Promise<{ readonly status: number | string; readonly output: string }> {
  const status = await waitUntil(`the process ends\n${child.output}`, startLimitMs, () => child.exit);
  return { status, output: child.output };
}

const ready = (child: Child): Promise<true> =>
  waitUntil(`the process says that it is ready\n${child.output}`, startLimitMs, () => {
    if (child.exit !== undefined) throw new Error(`the process ended (${child.exit}):\n${child.output}`);
    return /boot success/.test(child.output) || undefined;
  });

test('NameServer and broker start, serve, drain at SIGTERM with status 0, and start again', async () => {
  const [namesrvPort, brokerPort] = [await freePort(), await freePort(2)];
  const namesrv = run('mqnamesrv', ['-c', configFile('namesrv.conf', { listenPort: namesrvPort })]);
  await ready(namesrv);
  expect(namesrv.output).toContain(`The Name Server boot success. serializeType=JSON, address 127.0.0.1:${namesrvPort}`);

  const conf = configFile('broker.conf', {
    brokerName: 'broker-a',
    listenPort: brokerPort,
    storePathRootDir: join(directory.path, 'store'),
    mappedFileSizeCommitLog: 1_048_576,
    fileReservedTimes: 48,
  });
  const start = async (): Promise<Child> => {
    const broker = run('mqbroker', ['-c', conf, '-n', `127.0.0.1:${namesrvPort}`]);
    await ready(broker);
    return broker;
  };
  const broker = await start();
  expect(broker.output).toContain(
    `The broker[broker-a, 127.0.0.1:${brokerPort}] boot success. serializeType=JSON and name server is 127.0.0.1:${namesrvPort}. Durability: disk`,
  );
  expect(broker.output).toContain('"fileReservedTimes" is unknown');

  const ask = (port: number, code: number, extFields: Record<string, string>) =>
    client.invoke(`127.0.0.1:${port}`, createRequest(code, { extFields }), { timeoutMs: 3000 });
  const createFields = { topic: 'T', defaultTopic: 'TBW102', readQueueNums: '4', writeQueueNums: '4', perm: '6' };
  expect((await ask(brokerPort, RequestCode.UPDATE_AND_CREATE_TOPIC, createFields)).code).toBe(ResponseCode.SUCCESS);
  // The answer promised that clients can find the topic.
  const route = await ask(namesrvPort, RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'T' });
  expect(decodeRoute(route.body ?? Buffer.alloc(0)).brokerDatas[0]?.brokerAddrs).toEqual({ 0: `127.0.0.1:${brokerPort}` });
  // The fast port serves all but pulls.
  expect((await ask(brokerPort - 2, RequestCode.GET_MAX_OFFSET, { topic: 'T', queueId: '0' })).code).toBe(ResponseCode.SUCCESS);
  expect((await ask(brokerPort - 2, RequestCode.PULL_MESSAGE, {})).code).toBe(ResponseCode.REQUEST_CODE_NOT_SUPPORTED);

  expect(await broker.kill('SIGTERM')).toBe(0);
  expect((await ask(namesrvPort, RequestCode.GET_ROUTEINFO_BY_TOPIC, { topic: 'T' })).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  expect(existsSync(join(directory.path, 'store/abort'))).toBe(false);
  expect(JSON.parse(readFileSync(join(directory.path, 'store/config/topics.json'), 'utf8')).topicConfigTable.T.perm).toBe(6);

  const again = await start();
  expect((await ask(brokerPort, RequestCode.GET_TOPIC_CONFIG, { topic: 'T' })).code).toBe(ResponseCode.SUCCESS);
  expect(await again.kill('SIGINT')).toBe(0);
  expect(await namesrv.kill('SIGTERM')).toBe(0);
});

test('a directory in use, a port in use: a message that says so and Apache’s status -3', async () => {
  const brokerPort = await freePort(2);
  const store = join(directory.path, 'store');
  const conf = { brokerName: 'broker-a', storePathRootDir: store, mappedFileSizeCommitLog: 1_048_576 };
  const first = run('mqbroker', ['-c', configFile('a.conf', { ...conf, listenPort: brokerPort })]);
  await ready(first);
  const sameStore = await ended(run('mqbroker', ['-c', configFile('b.conf', { ...conf, listenPort: 0 })]));
  expect(sameStore).toEqual({ status: 253, output: expect.stringContaining('STORE_LOCKED') });
  const samePort = await ended(
    run('mqbroker', ['-c', configFile('c.conf', { ...conf, listenPort: brokerPort, storePathRootDir: `${store}2` })]),
  );
  expect(samePort).toEqual({ status: 253, output: expect.stringContaining('ADDRESS_IN_USE') });
  const namesrv = await ended(run('mqnamesrv', ['-c', configFile('d.conf', { listenPort: brokerPort })]));
  expect(namesrv).toEqual({ status: 253, output: expect.stringContaining('ADDRESS_IN_USE') });
});

test('a port in use is one line on the standard error stream, for both commands, and nothing is left to recover', async () => {
  const port = await freePort(2);
  const holder = run('mqnamesrv', ['-c', configFile('holder.conf', { listenPort: port })]);
  await ready(holder);
  const store = join(directory.path, 'store');
  const refusal = `TransportError ADDRESS_IN_USE: Port ${port} on 127.0.0.1 is already in use.`;
  const conf = { brokerName: 'broker-a', listenPort: port, storePathRootDir: store, mappedFileSizeCommitLog: 1_048_576 };
  for (const [bin, file] of [
    ['mqbroker', configFile('broker.conf', conf)],
    ['mqnamesrv', configFile('namesrv.conf', { listenPort: port })],
  ] as const) {
    const { status, output } = await ended(run(bin, ['-c', file]));
    const lines = output.split('\n').filter((line) => line !== '' && !line.includes(' INFO '));
    expect([status, lines.length, lines[0]]).toEqual([253, 1, expect.stringContaining(refusal)]);
  }
  expect(existsSync(join(store, 'abort'))).toBe(false);
});

test.runIf(process.platform === 'linux')('a store in a place where nothing can be created is refused at once', async () => {
  const conf = configFile('broker.conf', { brokerName: 'broker-a', listenPort: 0, storePathRootDir: '/proc/orbitmq/store' });
  const { status, output } = await ended(run('mqbroker', ['-c', conf]));
  expect([status, output]).toEqual([253, expect.stringMatching(/STORE_UNWRITABLE: .*\/proc\/orbitmq.*storePathRootDir/)]);
});

test('NAMESRV_ADDR is the default, the file goes before it, the command line before both', async () => {
  const env = { NAMESRV_ADDR: '127.0.0.1:1' };
  const namesrvAddr = async (...args: readonly string[]) => {
    const { status, output } = await ended(run('mqbroker', [...args, '-p'], env));
    expect(status).toBe(0);
    return /^namesrvAddr=(.*)$/m.exec(output)?.[1];
  };
  const conf = configFile('broker.conf', { namesrvAddr: '127.0.0.1:2' });
  expect(await namesrvAddr()).toBe('127.0.0.1:1');
  expect(await namesrvAddr('-c', conf)).toBe('127.0.0.1:2');
  expect(await namesrvAddr('-c', conf, '-n', '127.0.0.1:3')).toBe('127.0.0.1:3');
});

test('what is printed and refused before anything starts', async () => {
  expect(await ended(run('mqbroker', ['-h']))).toEqual({ status: 0, output: expect.stringContaining('usage: mqbroker') });
  expect(await ended(run('mqnamesrv', ['-h']))).toEqual({ status: 0, output: expect.stringContaining('usage: mqnamesrv') });
  const important = await ended(run('mqbroker', ['-m']));
  expect(important).toEqual({ status: 0, output: expect.stringContaining('flushDiskType=SYNC_FLUSH') });
  expect(important.output).not.toContain('regionId');
  expect((await ended(run('mqbroker', ['-x']))).status).toBe(255);
  expect(await ended(run('mqbroker', ['-c', '/nowhere/broker.conf']))).toEqual({
    status: 255,
    output: expect.stringContaining('/nowhere/broker.conf'),
  });
  expect(await ended(run('mqbroker', ['-c', configFile('bad.conf', { listenPort: 70_000 })]))).toEqual({
    status: 255,
    output: expect.stringContaining('listenPort=70000 (allowed: from 0 to 65535)'),
  });
  expect((await ended(run('mqbroker', ['-n', '127.0.0.1']))).status).toBe(253);
});

test('what operators change is there after a kill; the file keeps its comments, its rights, and the link to it', async () => {
  verifies('operator-changes');
  const port = await freePort(2);
  const file = configFile('real.conf', {
    brokerName: 'broker-a',
    listenPort: port,
    storePathRootDir: join(directory.path, 'store'),
    mappedFileSizeCommitLog: 1_048_576,
    madeUp: 1,
  });
  writeFileSync(file, `# kept\n${readFileSync(file, 'utf8')}`);
  chmodSync(file, 0o600);
  const conf = join(directory.path, 'broker.conf');
  symlinkSync(file, conf);
  const start = async (): Promise<Child> => {
    const broker = run('mqbroker', ['-c', conf]);
    await ready(broker);
    return broker;
  };
  const ask = async (code: number, extFields: Record<string, string>, body?: string) => {
    const request = createRequest(code, { extFields, body: body === undefined ? undefined : Buffer.from(body) });
    const answer = await client.invoke(`127.0.0.1:${port}`, request, { timeoutMs: 5000 });
    return { code: answer.code, text: answer.body?.toString() ?? '' };
  };
  const topic = { defaultTopic: 'TBW102', readQueueNums: '4', writeQueueNums: '4', perm: '6' };
  const broker = await start();
  const changes = [
    await ask(RequestCode.UPDATE_AND_CREATE_TOPIC, { ...topic, topic: 'Gone' }),
    await ask(RequestCode.UPDATE_AND_CREATE_TOPIC, { ...topic, topic: 'Kept', attributes: '+message.type=FIFO' }),
    await ask(RequestCode.DELETE_TOPIC_IN_BROKER, { topic: 'Gone' }),
    await ask(
      RequestCode.UPDATE_AND_CREATE_SUBSCRIPTIONGROUP_LIST,
      {},
      '{"groupConfigList":[{"groupName":"g"},{"groupName":"h"}]}',
    ),
    await ask(RequestCode.DELETE_SUBSCRIPTIONGROUP, { groupName: 'h' }),
    await ask(RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, { group: 'g', topic: 'Kept', readable: 'false' }),
    await ask(RequestCode.UPDATE_BROKER_CONFIG, {}, 'fileReservedTime=48\nmadeUp=2\nautoCreateSubscriptionGroup=false\n'),
  ];
  expect(changes.map(({ code }) => code)).toEqual(changes.map(() => ResponseCode.SUCCESS));
  await broker.kill('SIGKILL');

  await start();
  expect((await ask(RequestCode.GET_TOPIC_CONFIG, { topic: 'Gone' })).code).toBe(ResponseCode.TOPIC_NOT_EXIST);
  expect(JSON.parse((await ask(RequestCode.GET_TOPIC_CONFIG, { topic: 'Kept' })).text).attributes).toEqual({
    'message.type': 'FIFO',
  });
  expect((await ask(RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, { group: 'g' })).code).toBe(ResponseCode.SUCCESS);
  expect((await ask(RequestCode.GET_SUBSCRIPTIONGROUP_CONFIG, { group: 'h' })).code).toBe(
    ResponseCode.SUBSCRIPTION_GROUP_NOT_EXIST,
  );
  const forbidden = await ask(RequestCode.UPDATE_AND_GET_GROUP_FORBIDDEN, { group: 'g', topic: 'Kept' });
  expect(JSON.parse(forbidden.text).readable).toBe(false);
  const shown = (await ask(RequestCode.GET_BROKER_CONFIG, {})).text.split('\n');
  expect(shown).toEqual(expect.arrayContaining(['fileReservedTime=48', 'madeUp=2', 'autoCreateSubscriptionGroup=false']));
  expect(readFileSync(file, 'utf8')).toMatch(/^# kept\n/);
  expect([statSync(file).mode & 0o777, lstatSync(conf).isSymbolicLink()]).toEqual([0o600, true]);
});
