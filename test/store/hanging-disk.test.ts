/**
 * A real broker whose disk hangs: each write and flush of the commit log takes seconds in the kernel. Sends wait; heartbeats,
 * other connections and pulls of durable messages, from memory and from files, are answered meanwhile.
 */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { systemEnvironment } from '@orbitmq/core/kernel';
import { createRequest, encodeHeartbeat, RequestCode, ResponseCode } from '@orbitmq/protocol';
import { createRemotingClient, tcpNetwork } from '@orbitmq/remoting';
import { afterEach, expect, test } from 'vitest';
import { BrokerCalls, type SendOutcome } from '../support/broker-calls.js';
import { startBroker } from '../support/broker-process.js';
import { Child } from '../support/child.js';
import { CleanUps } from '../support/clean-ups.js';
import { freePort } from '../support/free-port.js';
import { waitUntil } from '../support/wait-until.js';

const limitMs = 30_000;
const delayMicroseconds = 3_000_000;
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

/** Why the kernel cannot be told to hang; undefined when it can. */
function skipReason(): string | undefined {
  try {
    execFileSync('strace', ['-qq', '-e', 'inject=getppid:delay_enter=1', 'true'], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return `strace cannot delay system calls here: ${error instanceof Error ? error.message.split('\n')[0] : String(error)}`;
  }
}

function isTraced(pid: number): boolean {
  const threads = readdirSync(`/proc/${pid}/task`);
  return threads.every((thread) => !readFileSync(`/proc/${pid}/task/${thread}/status`, 'utf8').includes('TracerPid:\t0\n'));
}

const reason = skipReason();
if (reason !== undefined) process.stderr.write(`hanging-disk.test.ts is skipped: ${reason}\n`);

const heartbeat = encodeHeartbeat({
  clientId: 'client-1',
  producerGroups: ['writers'],
  consumers: [],
  heartbeatFingerprint: 0,
  withoutSub: false,
});

test.skipIf(reason !== undefined).each(['SYNC_FLUSH', 'ASYNC_FLUSH'])(
  'while the disk hangs under %s the broker answers everything that does not need it',
  async (flushDiskType) => {
    const directory = await cleanUps.directory('hanging-disk');
    const port = await freePort(2);
    const config = { flushDiskType, mappedFileSizeCommitLog: '1048576', flushIntervalCommitLog: '100' };
    const broker = cleanUps.child(await startBroker({ directory, port, config }));
    const address = `127.0.0.1:${port}`;
    const calls = await BrokerCalls.connect(address, { timeoutMs: 60_000 });
    cleanUps.add(() => calls.stop());
    const durable: string[] = [];
    for (let index = 0; index < 60; index += 1) {
      const body = `durable-${index}-`.padEnd(40_000, 'x');
      durable.push(body);
      expect((await calls.send('hanging', 0, body)).kind).toBe('stored');
    }

    const strace = cleanUps.child(
      new Child('strace', [
        '-f',
        '-q',
        '-p',
        String(broker.process.pid),
        '-e',
        'trace=pwrite64,pwritev,fdatasync',
        '-e',
        `inject=pwrite64,pwritev,fdatasync:delay_enter=${delayMicroseconds}`,
      ]),
    );
    await waitUntil('strace traces every thread', limitMs, () => isTraced(broker.process.pid ?? 0) || undefined);
    const outcomes: SendOutcome[] = [];
    const waiting = [0, 1, 2].map(async () => outcomes.push(await calls.send('hanging', 1, 'waits')));

    // A connection that comes only now, and every request on it, is answered before the first send.
    const client = createRemotingClient({ environment: systemEnvironment(), dialer: tcpNetwork() });
    await client.start();
    cleanUps.add(() => client.stop({ deadlineMs: 0 }));
    const reader = await BrokerCalls.connect(address, { timeoutMs: 60_000 });
    cleanUps.add(() => reader.stop());
    let rounds = 0;
    for (; outcomes.length === 0 && rounds < 5; rounds += 1) {
      const answer = await client.invoke(address, createRequest(RequestCode.HEART_BEAT, { body: heartbeat }), {
        timeoutMs: limitMs,
      });
      expect(answer.code).toBe(ResponseCode.SUCCESS);
      expect(await reader.maxOffset('hanging', 1)).toBe(0);
      const read = await reader.read('hanging', 0, rounds * 10);
      expect(read.map(({ body }) => body.toString())).toEqual(durable.slice(rounds * 10));
    }
    expect(outcomes).toEqual([]);
    expect(rounds).toBe(5);
    await strace.kill('SIGINT');
    await Promise.all(waiting);
    expect(outcomes.map(({ kind }) => kind)).not.toContain('unknown');
  },
  120_000,
);
