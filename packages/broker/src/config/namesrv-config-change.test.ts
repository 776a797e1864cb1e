import { describe, expect, test } from 'vitest';
import { defaultNamesrvConfig } from './namesrv-config.js';
import { namesrvConfigChange, refusedNamesrvKey } from './namesrv-config-change.js';

const changeOf = (entries: Record<string, string>) => namesrvConfigChange(new Map(Object.entries(entries)), defaultNamesrvConfig);

describe('what becomes of a key', () => {
  test.each([
    ['a known key', { orderMessageEnable: 'true' }, { orderMessageEnable: true }, []],
    ['the value it has already', { orderMessageEnable: 'false' }, {}, []],
    ['a bad value', { waitSecondsForService: 'soon' }, {}, [expect.stringContaining('was not changed to "soon"')]],
    ['an unknown key', { nobodyKnowsIt: '1' }, {}, ['the key "nobodyKnowsIt" is unknown']],
    [
      'a key of the start',
      { serverChannelMaxIdleTimeSeconds: '60' },
      { serverChannelMaxIdleTimeSeconds: 60 },
      ['"serverChannelMaxIdleTimeSeconds" takes effect at the next start'],
    ],
    ['a port', { listenPort: '9877' }, {}, ['"listenPort" was not changed: change it in the file']],
    ['an address', { bindAddress: '10.9.8.7' }, {}, ['"bindAddress" was not changed: change it in the file']],
    ['the port it has', { listenPort: '9876' }, {}, []],
    ['blanks around a value', { enableTopicList: ' false ' }, { enableTopicList: false }, []],
  ])('%s', (_name, given, values, notes) => {
    expect(changeOf(given)).toMatchObject({ values, notes });
    expect([...changeOf(given).texts.keys()]).toEqual(Object.keys(values));
  });

  test('a key without effect is kept for the file', () => {
    expect(changeOf({ serverWorkerThreads: '8' })).toMatchObject({ texts: new Map([['serverWorkerThreads', '8']]), values: {} });
  });
});

test.each([
  ['kvConfigPath', ''],
  ['configStorePath', ''],
  ['configBlackList', ''],
  ['rocketmqHome', ''],
  ['orderMessageEnable', 'listenPort; orderMessageEnable'],
])('%s is refused with the black list "%s"', (key, blackList) => {
  expect(
    refusedNamesrvKey(
      new Map([
        ['enableTopicList', 'true'],
        [key, 'x'],
      ]),
      blackList,
    ),
  ).toBe(key);
  expect(refusedNamesrvKey(new Map([['enableTopicList', 'true']]), blackList)).toBeUndefined();
});
