import { expect, test } from 'vitest';
import { defaultBrokerConfig } from './broker-config.js';
import { LiveBrokerConfig, runtimeKeys } from './live-broker-config.js';

test('a runtime key changes for everybody who holds the view; another one waits for the next start', () => {
  const live = new LiveBrokerConfig(defaultBrokerConfig);
  const { view } = live;
  live.configure({ fileReservedTime: 48, listenPort: 1 });
  expect([view.fileReservedTime, view.listenPort]).toEqual([48, 10_911]);
  expect([live.configured.fileReservedTime, live.configured.listenPort]).toEqual([48, 1]);
  expect(live.view).toBe(view);
  expect(defaultBrokerConfig.fileReservedTime).toBe(72);
});

test('every runtime key is a key', () => {
  expect([...runtimeKeys].filter((key) => !Object.hasOwn(defaultBrokerConfig, key))).toEqual([]);
});
