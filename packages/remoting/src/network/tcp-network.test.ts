/** What only sockets have; what all networks share is in `network.test.ts`. */
import { expect, test } from 'vitest';
import type { ByteStream } from '../byte-stream.js';
import { tcpNetwork } from './tcp-network.js';

const ignoreAll = { onData: () => undefined, onDrain: () => undefined, onClose: () => undefined };

test('IPv6, with and without brackets; an IPv4 client of an IPv6 listener reads as IPv4', async (context) => {
  const network = tcpNetwork();
  const streams: ByteStream[] = [];
  const listener = await network
    .listen({ host: '::', port: 0 }, (stream) => {
      stream.attach(ignoreAll);
      streams.push(stream);
    })
    .catch(() => undefined);
  if (listener === undefined) {
    context.skip('this machine has no IPv6');
    return;
  }
  const plain = await network.dial(`::1:${listener.port}`, { timeoutMs: 1000 });
  const bracketed = await network.dial(`[::1]:${listener.port}`, { timeoutMs: 1000 });
  const ipv4 = await network.dial(`127.0.0.1:${listener.port}`, { timeoutMs: 1000 });
  expect(plain.remoteAddress).toBe(`::1:${listener.port}`);
  expect(ipv4.localAddress).toMatch(/^127\.0\.0\.1:\d+$/);
  await expect.poll(() => streams.length).toBe(3);
  expect(streams.map((stream) => stream.remoteAddress)).toContain(ipv4.localAddress);
  for (const stream of [plain, bracketed, ipv4, ...streams]) stream.destroy();
  await listener.close();
});

test('a host that does not answer is given up after the time limit', async () => {
  // TEST-NET-1 (RFC 5737) is routed nowhere; a machine without a route refuses at once, which is as good.
  const failure = tcpNetwork().dial('192.0.2.1:9876', { timeoutMs: 50 });
  await expect(failure).rejects.toMatchObject({ code: 'CONNECT_FAILED', outcome: 'not-sent' });
});

test('a dial under way can be cancelled', async () => {
  const abort = new AbortController();
  const failure = tcpNetwork().dial('192.0.2.1:9876', { timeoutMs: 5000, signal: abort.signal });
  abort.abort(new Error('no longer wanted'));
  await expect(failure).rejects.toMatchObject({ code: 'CONNECT_FAILED' });
});

test('an address of another machine cannot be listened on', async () => {
  await expect(tcpNetwork().listen({ host: '192.0.2.1', port: 0 }, () => undefined)).rejects.toMatchObject({
    code: 'LISTEN_FAILED',
    retryable: false,
  });
});
