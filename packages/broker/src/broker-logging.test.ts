/** What a broker and a NameServer write about strangers, and about nothing. */
import type { LogFields, Logger, LogLevel } from '@orbitmq/core/kernel';
import { InProcessNetwork } from '@orbitmq/remoting';
import { type VirtualEnvironment, virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { createBroker } from './broker.js';
import { defaultBrokerConfig } from './config/broker-config.js';
import { defaultNamesrvConfig } from './config/namesrv-config.js';
import { createNameServer } from './nameserver/name-server.js';
import { MemoryFileSystem } from './store/io/memory-file-system.js';

interface Line {
  readonly level: LogLevel;
  readonly message: string;
  readonly fields: LogFields | undefined;
}

async function startServers() {
  const lines: Line[] = [];
  const log =
    (level: LogLevel) =>
    (message: string, fields?: LogFields): void => {
      if (level === 'warn' || level === 'error') lines.push({ level, message, fields });
    };
  const logger: Logger = { debug: log('debug'), info: log('info'), warn: log('warn'), error: log('error'), child: () => logger };
  const environment: VirtualEnvironment = virtualEnvironment(1, { logger });
  const { time } = environment;
  const network = new InProcessNetwork({ timers: environment.timers });
  const nameServer = createNameServer({ environment, network, config: defaultNamesrvConfig });
  await time.settle(nameServer.start());
  const config = {
    ...defaultBrokerConfig,
    brokerName: 'broker-a',
    storePathRootDir: '/store',
    mappedFileSizeCommitLog: 1_048_576,
    namesrvAddr: '127.0.0.1:9876',
  };
  const broker = createBroker({ environment, network, fileSystem: new MemoryFileSystem(), config });
  await time.settle(broker.start());
  const stop = async (): Promise<void> => {
    await time.settle(broker.stop());
    await time.settle(nameServer.stop());
  };
  return { lines, network, time, stop };
}

test('a healthy broker with its NameServer warns of nothing, for ten minutes, nor at its stop', async () => {
  const { lines, time, stop } = await startServers();
  await time.advance(600_000);
  await stop();
  expect(lines).toEqual([]);
});

test.each([10_911, 9876])('connections that bring garbage to port %i are told by a few lines and a count', async (port) => {
  const { lines, network, time, stop } = await startServers();
  const peers = 100;
  for (let peer = 0; peer < peers; peer += 1) {
    const stream = await time.settle(network.dial(`127.0.0.1:${port}`, { timeoutMs: 3000 }));
    stream.attach({ onData: () => undefined, onDrain: () => undefined, onClose: () => undefined });
    stream.write([Buffer.from('GET / HTTP/1.1\r\nHost: example\r\n\r\n')]);
  }
  await time.advance(60_000);
  await stop();
  expect(lines.length).toBeGreaterThan(1);
  // Ten in ten seconds, and the count of the others.
  expect(lines.length).toBeLessThan(40);
  const suppressed = lines.reduce((sum, { fields }) => sum + Number(fields?.['suppressed'] ?? 0), 0);
  const told = lines.filter(({ fields }) => fields?.['suppressed'] === undefined).length;
  expect(suppressed + told).toBe(peers);
});
