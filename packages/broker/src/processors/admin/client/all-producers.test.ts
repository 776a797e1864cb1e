import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { RecordingConnection } from '../../../test-support/recording-connection.js';
import { AllProducersProcessor } from './all-producers.js';

/** Groups of so many producers each, whose client ids are so long. */
function setup(groupCount: number, producersEach: number, clientIdLength = 5) {
  const seen = { looks: 0, pauses: 0 };
  const { timers } = virtualEnvironment(1);
  const resumes: (() => void)[] = [];
  const setImmediate = (callback: () => void) => {
    seen.pauses += 1;
    resumes.push(callback);
  };
  const connection = new RecordingConnection();
  const channel = { connection, language: 0, version: 473, lastHeartbeatAt: 9 };
  const producer = {
    ...channel,
    get clientId() {
      seen.looks += 1;
      return 'c'.repeat(clientIdLength);
    },
  };
  const processor = new AllProducersProcessor({
    timers: { ...timers, setImmediate } as unknown as typeof timers,
    producers: {
      groupNames: () => Array.from({ length: groupCount }, (_, n) => `p${n}`),
      channels: (group) => (group === 'p0' ? undefined : Array.from({ length: producersEach }, () => producer)),
    },
  });
  const start = () => {
    const asking = new RecordingConnection();
    return { asking, done: processor.process(createRequest(RequestCode.GET_ALL_PRODUCER_INFO, {}), asking) };
  };
  const finish = async ({ asking, done }: ReturnType<typeof start>) => {
    let isDone = false;
    void done.then(() => (isDone = true));
    while (!isDone) {
      for (const resume of resumes.splice(0)) resume();
      await Promise.resolve();
    }
    return asking.responses[0];
  };
  return { finish, seen, start };
}

test('others have their turn after every 1000 producers, over all groups; a group that is gone is left out', async () => {
  const { finish, seen, start } = setup(7, 500);
  const answer = await finish(start());
  // Two of the pauses are between the pieces of the answer.
  expect([answer?.code, seen.pauses]).toEqual([ResponseCode.SUCCESS, 5]);
  const { data } = JSON.parse(answer?.body?.toString() ?? '') as { readonly data: Record<string, readonly unknown[]> };
  expect(Object.entries(data).map(([group, list]) => [group, list.length])).toEqual(
    [1, 2, 3, 4, 5, 6].map((n) => [`p${n}`, 500]),
  );
});

test('more than a frame holds is refused as soon as it is known', async () => {
  const { finish, seen, start } = setup(100, 100, 20_000);
  expect(await finish(start())).toMatchObject({
    code: ResponseCode.SYSTEM_ERROR,
    remark: expect.stringContaining('an answer at most'),
  });
  expect(seen.looks).toBeLessThan(850);
});

test('one at a time', async () => {
  const { finish, start } = setup(3, 1000);
  const first = start();
  const second = await finish(start());
  expect(second?.code).toBe(ResponseCode.SYSTEM_BUSY);
  expect((await finish(first))?.code).toBe(ResponseCode.SUCCESS);
  expect((await finish(start()))?.code).toBe(ResponseCode.SUCCESS);
});
