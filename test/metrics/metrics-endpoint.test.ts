import { connect } from 'node:net';
import { silentLogger } from '@orbitmq/core/kernel';
import { afterEach, expect, it } from 'vitest';
import { MetricsEndpoint } from '../../packages/broker/src/metrics/metrics-endpoint.js';

const running: MetricsEndpoint[] = [];
afterEach(() => Promise.all(running.splice(0).map((endpoint) => endpoint.stop())));

async function started(text: () => Promise<string>, port = 0): Promise<MetricsEndpoint> {
  const endpoint = new MetricsEndpoint({ host: '127.0.0.1', port, logger: silentLogger, text });
  await endpoint.start();
  running.push(endpoint);
  return endpoint;
}

const ask = (endpoint: MetricsEndpoint, path: string, method = 'GET') =>
  fetch(`http://127.0.0.1:${endpoint.port}${path}`, { method });

it('serves the text of now at /metrics, and nothing else', async () => {
  let count = 0;
  const endpoint = await started(async () => `x ${(count += 1)}\n`);
  const first = await ask(endpoint, '/metrics');
  expect([first.status, first.headers.get('content-type'), await first.text()]).toEqual([
    200,
    'text/plain; version=0.0.4; charset=utf-8',
    'x 1\n',
  ]);
  expect(await (await ask(endpoint, '/metrics?a=b')).text()).toBe('x 2\n');
  const head = await ask(endpoint, '/metrics', 'HEAD');
  expect([head.status, await head.text()]).toEqual([200, '']);
  expect((await ask(endpoint, '/')).status).toBe(404);
  expect((await ask(endpoint, '/metrics', 'POST')).status).toBe(405);
});

it('gathers once for all who ask at the same time', async () => {
  let count = 0;
  let finish: (text: string) => void = () => undefined;
  const endpoint = await started(() => {
    count += 1;
    return new Promise((resolve) => (finish = resolve));
  });
  // In one write, so that the server has read all when it has read the first.
  const request = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n';
  const last = 'GET /metrics HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
  const socket = connect(endpoint.port, '127.0.0.1');
  socket.write(request + request + last);
  while (count === 0) await new Promise(setImmediate);
  finish('x 1\n');
  let received = '';
  for await (const chunk of socket) received += String(chunk);
  expect(received.match(/x 1\n/g)).toHaveLength(3);
  expect(count).toBe(1);
});

it('answers 500 when gathering fails, and the next time again', async () => {
  let isBroken = true;
  const endpoint = await started(async () => {
    if (isBroken) throw new Error('no');
    return 'x 1\n';
  });
  expect((await ask(endpoint, '/metrics')).status).toBe(500);
  isBroken = false;
  expect((await ask(endpoint, '/metrics')).status).toBe(200);
});

it('says when its port is taken', async () => {
  const first = await started(async () => '');
  await expect(started(async () => '', first.port)).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' });
});

it('stops at once though a scrape is under way, and may be stopped twice', async () => {
  let hasBegun = false;
  const endpoint = await started(() => {
    hasBegun = true;
    return new Promise<string>(() => undefined);
  });
  const answer = ask(endpoint, '/metrics').catch((error: unknown) => error);
  while (!hasBegun) await new Promise(setImmediate);
  await endpoint.stop();
  expect(await answer).toBeInstanceOf(Error);
  await endpoint.stop();
});
