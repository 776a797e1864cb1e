import { silentLogger } from '@orbitmq/core/kernel';
import { InProcessNetwork } from '@orbitmq/remoting';
import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { defaultNamesrvConfig } from '../config/namesrv-config.js';
import { MinBrokerIdNotifier, noticesUnderWayMax } from './min-broker-id-notifier.js';

test('notices under way are bounded, and those that fail make room', async () => {
  const warnings: string[] = [];
  const logger = { ...silentLogger, warn: (message: string) => void warnings.push(message) };
  const environment = { ...virtualEnvironment(1, { logger }), logger };
  const notifier = new MinBrokerIdNotifier({
    environment,
    // Nobody listens.
    dialer: new InProcessNetwork({ timers: environment.timers }),
    config: () => ({ ...defaultNamesrvConfig, notifyMinBrokerIdChanged: true }),
  });
  await notifier.start();
  const brokerAddrs = new Map(Array.from({ length: noticesUnderWayMax }, (_, id) => [id, `127.0.0.1:${20_000 + id}`]));
  const tell = (addresses: ReadonlyMap<number, string>) =>
    notifier.changed({ brokerName: 'a', brokerAddrs: addresses, offlineBrokerAddr: 'x:1', haBrokerAddr: undefined });
  tell(brokerAddrs);
  expect(warnings).toEqual([]);
  tell(new Map([[0, '127.0.0.1:19999']]));
  expect(warnings).toEqual([expect.stringContaining('too many notices')]);
  await environment.time.advance(1000);
  expect(warnings.filter((warning) => warning.includes('was not told'))).toHaveLength(noticesUnderWayMax);
  tell(new Map([[0, '127.0.0.1:19999']]));
  await environment.time.advance(1000);
  expect(warnings.filter((warning) => warning.includes('was not told'))).toHaveLength(noticesUnderWayMax + 1);
  await notifier.stop();
  tell(brokerAddrs);
  expect(warnings.filter((warning) => warning.includes('too many'))).toHaveLength(1);
});
