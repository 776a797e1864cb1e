import { expect, test } from 'vitest';
import { defaultBrokerConfig } from './broker-config.js';
import { bindBrokerConfig } from './broker-config-rules.js';
import { bindNamesrvConfig } from './namesrv-config-rules.js';
import { parseProperties } from './properties.js';

const bind = (text: string, wildcardAddress?: string) =>
  bindBrokerConfig(parseProperties(text), defaultBrokerConfig, wildcardAddress);

test('an empty file gives the defaults', () => {
  expect(bind('')).toEqual({ config: defaultBrokerConfig, warnings: [], given: new Set() });
});

test('every default is a value that the file could give', () => {
  const text = Object.entries(defaultBrokerConfig)
    .map(([key, value]) => `${key}=${String(value)}\n`)
    .join('');
  expect(bind(text).config).toEqual(defaultBrokerConfig);
});

test('values are trimmed and typed', () => {
  const { config } = bind('listenPort= 10921 \nautoCreateTopicEnable=FALSE\nflushDiskType=ASYNC_FLUSH\nbrokerName=broker-b  ');
  expect(config).toMatchObject({
    listenPort: 10_921,
    autoCreateTopicEnable: false,
    flushDiskType: 'ASYNC_FLUSH',
    brokerName: 'broker-b',
  });
});

test('an unknown key is a warning that names it', () => {
  expect(bind('deleteWhem=04').warnings).toEqual([expect.stringContaining('"deleteWhem"')]);
  expect(bind('constructor=1\n__proto__=2').warnings).toHaveLength(2);
});

test('the spellings of 4.5 are understood, and give way to the new ones', () => {
  expect(bind('mapedFileSizeCommitLog=1048576')).toMatchObject({ config: { mappedFileSizeCommitLog: 1_048_576 }, warnings: [] });
  expect(bind('mappedFileSizeCommitLog=2097152\nmapedFileSizeCommitLog=1048576').config.mappedFileSizeCommitLog).toBe(2_097_152);
});

test.each([
  ['listenPort=65536', 'from 0 to 65535'],
  ['listenPort=12a', 'from 0 to 65535'],
  ['brokerId=1', 'only 0'],
  ['brokerRole=SLAVE', 'ASYNC_MASTER'],
  ['autoCreateTopicEnable=yes', 'true or false'],
  ['autoCreateTopicEnable=constructor', 'true or false'],
  ['flushDiskType=NEVER', 'SYNC_FLUSH or ASYNC_FLUSH'],
  ['brokerIP1=broker.example.org', 'an IP address'],
  ['namesrvAddr=10.0.0.1:9876,10.0.0.2:9876', 'host:port'],
  ['namesrvAddr=10.0.0.1', 'host:port'],
  ['messageDelayLevel=1x', '1s 5m 2h 1d'],
  ['maxMessageSize=', 'from 1 to'],
  ['brokerName=a b', 'letters'],
])('%s is refused with what is allowed', (line, allowed) => {
  expect(() => bind(line)).toThrow(
    expect.objectContaining({
      code: 'CONFIG_INVALID',
      message: expect.stringMatching(new RegExp(`${line.replaceAll(/[.*+?^$()|]/g, '\\$&')}.*${allowed}`)),
    }),
  );
});

test('keys of the transient store pool say why they change nothing, unless they ask for nothing', () => {
  const { warnings } = bind('transientStorePoolEnable=true\nfastFailIfNoBufferInStorePool=false\nenabledAppendPropCRC=true');
  expect(warnings).toEqual([expect.stringContaining('never only in memory'), expect.stringContaining('orbitmq/checksums')]);
});

test('all bad values are named at once', () => {
  expect(() => bind('listenPort=x\nbrokerId=7')).toThrow(
    expect.objectContaining({ details: expect.objectContaining({ keys: ['listenPort', 'brokerId'] }) }),
  );
});

test.each([
  ['', '127.0.0.1', '127.0.0.1', '127.0.0.1'],
  ['brokerIP1=10.0.0.5', '0.0.0.0', '10.0.0.5', '10.0.0.5'],
  ['brokerIP1=127.0.0.1', '127.0.0.1', '127.0.0.1', '127.0.0.1'],
  ['bindAddress=10.0.0.5', '10.0.0.5', '10.0.0.5', '10.0.0.5'],
  ['bindAddress=0.0.0.0', '0.0.0.0', '10.9.8.7', '10.9.8.7'],
  ['bindAddress=0.0.0.0\nbrokerIP1=10.0.0.5\nbrokerIP2=10.1.0.5', '0.0.0.0', '10.0.0.5', '10.1.0.5'],
])('addresses follow from those that are given: %j', (text, bindAddress, brokerIP1, brokerIP2) => {
  expect(bind(text, '10.9.8.7').config).toMatchObject({ bindAddress, brokerIP1, brokerIP2 });
});

test('the NameServer has its own keys', () => {
  const { config, warnings } = bindNamesrvConfig(parseProperties('listenPort=9877\nbrokerName=x'));
  expect(config.listenPort).toBe(9877);
  expect(warnings).toEqual([expect.stringContaining('"brokerName"')]);
});
