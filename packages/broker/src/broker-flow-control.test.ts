/** What a whole broker answers while its disk hangs, before its time, and while it is told to stop; on virtual time. */
import { createRequest, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { expect, test, vi } from 'vitest';
import type { File, IoCallback } from './store/io/file-system.js';
import { MemoryFileSystem } from './store/io/memory-file-system.js';
import { sendFields } from './test-support/request-fields.js';
import { runningBroker } from './test-support/running-broker.js';

// Whole brokers: much work for a machine that others use too.
vi.setConfig({ testTimeout: 30_000 });

/** A disk whose writes to the log, of the kind that is held, end when they are let go. */
class HeldWrites extends MemoryFileSystem {
  kind: 'none' | 'write' | 'writeDurably' = 'none';
  #held: (() => void)[] = [];

  letGo(): void {
    this.kind = 'none';
    for (const end of this.#held.splice(0)) end();
  }

  override async open(path: string, options: { readonly create: boolean }): Promise<File> {
    const file = await super.open(path, options);
    if (!path.includes('/commitlog/')) return file;
    const held = (name: 'write' | 'writeDurably'): File['write'] => {
      return (chunks, position, done) => {
        const ended: IoCallback = (error) => {
          if (this.kind === name) this.#held.push(() => done(error));
          else done(error);
        };
        file[name](chunks, position, ended);
      };
    };
    return new Proxy(file, {
      get(target, name) {
        if (name === 'write' || name === 'writeDurably') return held(name);
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }
}

const rejected = { code: ResponseCode.SYSTEM_BUSY, remark: expect.stringMatching(/^\[REJECTREQUEST\]/) };

test.each([
  ['ASYNC_FLUSH', 'write', 1000],
  ['SYNC_FLUSH', 'writeDurably', 5000],
] as const)('%s: a %s that hangs refuses sends after %i ms, and nothing else', async (flushDiskType, kind, limitMs) => {
  const disk = new HeldWrites();
  const { environment, startBroker, ask, beginSend, send, pull, settle, createTopic } = await runningBroker(
    `flushDiskType=${flushDiskType}\n`,
    disk,
  );
  await startBroker();
  await createTopic('T');
  expect((await send('T', 'before')).code).toBe(ResponseCode.SUCCESS);
  disk.kind = kind;
  const hanging = beginSend('T', 'hangs');
  await environment.time.advance(limitMs - 10);
  const behind = beginSend('T', 'behind it');
  await environment.time.advance(20);
  expect(await send('T', 'too late')).toMatchObject(rejected);
  expect((await pull('T', 0)).code).toBe(ResponseCode.SUCCESS);
  // A reply is handed on, if there is somebody: only its copy needs the disk.
  const toNobody = { ...sendFields('DefaultCluster_REPLY_TOPIC', environment.clock.now()), i: 'REPLY_TO_CLIENT\u0001c@1' };
  expect(await ask(RequestCode.SEND_REPLY_MESSAGE_V2, toNobody, 'reply')).toMatchObject({
    code: ResponseCode.SYSTEM_ERROR,
    remark: 'push reply message fail, channel of <c@1> not found.',
  });
  disk.letGo();
  const codes = [(await settle(hanging)).code, (await settle(behind)).code];
  // Who waited longer than syncFlushTimeout was told so meanwhile.
  expect(codes).toEqual([flushDiskType === 'SYNC_FLUSH' ? ResponseCode.FLUSH_DISK_TIMEOUT : ResponseCode.SUCCESS, 0]);
  expect((await send('T', 'after')).code).toBe(ResponseCode.SUCCESS);
  const offsets = [await pull('T', 0), await pull('T', 4)].map((answer) => answer.extFields?.['maxOffset']);
  // Four were stored; the refused one was not.
  expect(offsets).toEqual(['4', '4']);
});

test('sends are refused before startAcceptSendRequestTimeStamp, which operators change at run time', async () => {
  const { environment, startBroker, createTopic, configure, send, pull } = await runningBroker();
  await startBroker();
  await createTopic('T');
  const from = environment.clock.now() + 60_000;
  expect((await configure(`startAcceptSendRequestTimeStamp=${from}`)).code).toBe(ResponseCode.SUCCESS);
  expect(await send('T', 'early')).toMatchObject({
    code: ResponseCode.SYSTEM_ERROR,
    remark: expect.stringMatching(/^broker unable to service, until \d{4}-\d\d-\d\d \d\d:\d\d:\d\d,\d{3}$/),
  });
  expect((await pull('T', 0)).code).toBe(ResponseCode.PULL_NOT_FOUND);
  await environment.time.advance(60_000);
  expect((await send('T', 'in time')).code).toBe(ResponseCode.SUCCESS);
});

test('a broker that stops gracefully unregisters, sends newer clients away, serves the others, and ends in time', async () => {
  const { environment, startBroker, createTopic, send, route, settle, askWith } = await runningBroker(
    'enableShutdownGracefully=true\nshutdownWaitTimeSeconds=3\n',
  );
  const broker = await startBroker();
  await createTopic('T');
  const maxOffset = async (version: number): Promise<number> => {
    const request = createRequest(RequestCode.GET_MAX_OFFSET, { extFields: { topic: 'T', queueId: '0' } });
    return (await askWith({ ...request, version })).code;
  };
  expect(await maxOffset(513)).toBe(ResponseCode.SUCCESS);
  const beganMs = environment.clock.monotonic();
  const stopping = broker.stop();
  await environment.time.advance(1000);
  expect(await route('T')).toBeUndefined();
  expect([await maxOffset(513), await maxOffset(475)]).toEqual([ResponseCode.GO_AWAY, ResponseCode.SUCCESS]);
  // Ours say that they are of 5.3.0.
  expect((await send('T', 'late, and kept')).code).toBe(ResponseCode.SUCCESS);
  await settle(stopping);
  const tookMs = environment.clock.monotonic() - beganMs;
  expect(tookMs).toBeGreaterThanOrEqual(3000);
  expect(tookMs).toBeLessThan(10_000);
});
