import { readFileSync } from 'node:fs';
import { createBroker, createNameServer, defaultBrokerConfig, defaultNamesrvConfig, MemoryFileSystem } from '@orbitmq/broker';
import { isMqError } from '@orbitmq/core/kernel';
import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, InProcessNetwork } from '@orbitmq/remoting';
import { virtualEnvironment } from '@orbitmq/testing';
import { beforeAll, expect, it } from 'vitest';

const page = readFileSync(new URL('../../docs/compatibility.md', import.meta.url), 'utf8');

interface Row {
  readonly code: number;
  readonly name: string;
  /** Who answers, or why nobody does. */
  readonly state: string;
}

function rowsUnder(heading: string): readonly Row[] {
  const [, after = ''] = page.split(`\n## ${heading}\n`);
  const [section = ''] = after.split('\n## ');
  return [...section.matchAll(/^\| (\d+) \| (\w+) \| ([^|]+) \|/gm)].map(([, code, name, state]) => ({
    code: Number(code),
    name: name ?? '',
    state: state?.trim() ?? '',
  }));
}

const answered = rowsUnder('Requests that are answered');
const unanswered = rowsUnder('Requests that are not answered');
const codes = Object.entries(RequestCode).toSorted(([, a], [, b]) => a - b);

/** Code → who answers it with anything but "not supported". */
const answering = new Map<number, string>();
/** Code → the remark of the broker that refuses it. */
const remarks = new Map<number, string>();

beforeAll(async () => {
  const environment = virtualEnvironment(1);
  const network = new InProcessNetwork({ timers: environment.timers });
  const fileSystem = new MemoryFileSystem();
  const config = {
    ...defaultBrokerConfig,
    brokerName: 'broker-a',
    storePathRootDir: '/store',
    mappedFileSizeCommitLog: 1_048_576,
  };
  const nameServer = createNameServer({ environment, network, config: defaultNamesrvConfig });
  const broker = createBroker({ environment, network, fileSystem, config });
  await nameServer.start();
  await environment.time.settle(broker.start());
  const client = createRemotingClient({ environment, dialer: network });
  await client.start();
  const answers = async (port: number, code: number): Promise<boolean> => {
    try {
      const asked = client.invoke(`127.0.0.1:${port}`, createRequest(code, {}), { timeoutMs: 100 });
      const answer = await environment.time.settle(asked);
      if (port === config.listenPort) remarks.set(code, answer.remark ?? '');
      return answer.code !== ResponseCode.REQUEST_CODE_NOT_SUPPORTED;
    } catch (error) {
      // It was taken, and what came next is not an answer to an empty request.
      if (isMqError(error) && error.code === 'REQUEST_TIMEOUT') return true;
      throw error;
    }
  };
  for (const [, code] of codes) {
    const who = [
      ...((await answers(config.listenPort, code)) ? ['broker'] : []),
      ...((await answers(defaultNamesrvConfig.listenPort, code)) ? ['NameServer'] : []),
    ];
    if (who.length > 0) answering.set(code, who.join(', '));
  }
  await environment.time.settle(broker.stop());
}, 60_000);

it('docs/compatibility.md says of every request of RocketMQ what becomes of it', () => {
  const listed = [...answered, ...unanswered].toSorted((a, b) => a.code - b.code);
  expect(listed.map(({ name, code }) => `${code} ${name}`)).toEqual(codes.map(([name, code]) => `${code} ${name}`));
});

it('what stands under "answered" is answered by whom it says, and nothing else is answered', () => {
  expect(answered.map(({ code, name, state }) => `${code} ${name}: ${state}`)).toEqual(
    codes.filter(([, code]) => answering.has(code)).map(([name, code]) => `${code} ${name}: ${answering.get(code)}`),
  );
});

it('what is not answered is refused, comes later, goes to clients, or is asked by nobody', () => {
  for (const { name, state } of unanswered) expect(['refused', 'later', 'to clients', 'unused'], name).toContain(state);
});

it('a refusal with a reason of its own stands under "refused"', () => {
  const withReason = [...remarks].filter(([code, remark]) => remark.includes('not supported: ') && !answering.has(code));
  const refused = new Set(unanswered.filter(({ state }) => state === 'refused').map(({ code }) => code));
  expect(withReason.map(([code]) => code).filter((code) => !refused.has(code))).toEqual([]);
});
