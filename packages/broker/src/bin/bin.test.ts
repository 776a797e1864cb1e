import { ConfigError, StoreError } from '@orbitmq/core/kernel';
import { expect, test } from 'vitest';
import { defaultBrokerConfig } from '../config/broker-config.js';
import { bindBrokerConfig } from '../config/broker-config-rules.js';
import { parseProperties } from '../config/properties.js';
import { brokerReadyLine } from './broker-line.js';
import { parseCommandLine } from './command-line.js';
import { consoleLogger } from './console-logger.js';
import { ExitCode, exitCodeOfStartFailure } from './exit-codes.js';
import { storePath } from './machine.js';
import { configText } from './print-config.js';

const nothing = {
  configFile: undefined,
  namesrvAddr: undefined,
  printConfigItem: false,
  printImportantConfig: false,
  help: false,
  storeAction: undefined,
};

test.each([
  [[], nothing],
  [['-c', 'a.conf', '-n', 'h:1;i:2'], { ...nothing, configFile: 'a.conf', namesrvAddr: 'h:1;i:2' }],
  [['--configFile', 'a.conf', '--namesrvAddr=h:1'], { ...nothing, configFile: 'a.conf', namesrvAddr: 'h:1' }],
  [['-pm'], { ...nothing, printConfigItem: true, printImportantConfig: true }],
  [['-h'], { ...nothing, help: true }],
  [['--check'], { ...nothing, storeAction: 'check' }],
  [['--repair', '-c', 'a.conf'], { ...nothing, configFile: 'a.conf', storeAction: 'repair' }],
  [['--repair', '--dry-run'], { ...nothing, storeAction: 'check' }],
])('command line %j', (args, expected) => {
  expect(parseCommandLine(args)).toEqual(expected);
});

test.each([[['-x']], [['file']], [['-c']], [['--dry-run']]])('command line %j is refused', (args) => {
  expect(() => parseCommandLine(args)).toThrow(expect.objectContaining({ code: 'CONFIG_INVALID' }));
});

test('the status says what kind of failure it was, as of the Java program', () => {
  const bind = (text: string): unknown => {
    try {
      return bindBrokerConfig(parseProperties(text));
    } catch (error) {
      return error;
    }
  };
  expect(exitCodeOfStartFailure(bind('listenPort=x'))).toBe(ExitCode.BAD_ARGUMENTS);
  expect(exitCodeOfStartFailure(bind('namesrvAddr=x'))).toBe(ExitCode.CANNOT_START);
  expect(exitCodeOfStartFailure(new ConfigError('CONFIG_INVALID', 'no such option'))).toBe(ExitCode.BAD_ARGUMENTS);
  expect(exitCodeOfStartFailure(new StoreError('STORE_LOCKED', 'in use'))).toBe(ExitCode.CANNOT_START);
  expect([ExitCode.BAD_ARGUMENTS, ExitCode.CANNOT_START].map((code) => (code << 24) >> 24)).toEqual([-1, -3]);
});

test('the line of a started broker names durability and reach', () => {
  const line = (overrides: Partial<typeof defaultBrokerConfig>) =>
    brokerReadyLine({ ...defaultBrokerConfig, brokerName: 'a', ...overrides }, '127.0.0.1:10911');
  expect(line({ namesrvAddr: '127.0.0.1:9876' })).toMatch(
    /^The broker\[a, 127\.0\.0\.1:10911\] boot success\. serializeType=JSON and name server is 127\.0\.0\.1:9876\. Durability: disk/,
  );
  expect(line({})).toContain('Only this machine can connect');
  expect(line({ bindAddress: '0.0.0.0', flushDiskType: 'ASYNC_FLUSH' })).toMatch(/page-cache .* 500 ms$/);
  expect(line({ bindAddress: '0.0.0.0', flushDiskType: 'ASYNC_FLUSH', flushCommitLogLeastPages: 4 })).toMatch(/ 10500 ms$/);
});

test('what is printed can be read again', () => {
  const config = { ...defaultBrokerConfig, namesrvAddr: 'h:1;i:2' };
  expect(bindBrokerConfig(parseProperties(configText(config, false))).config).toEqual(config);
  const important = parseProperties(configText(config, true));
  expect(important.get('namesrvAddr')).toBe('h:1;i:2');
  expect(important.has('flushIntervalCommitLog')).toBe(false);
});

test('the store is at an absolute path', () => {
  expect(storePath('')).toMatch(/^\/.+\/store$/);
  expect(storePath('~/data')).toMatch(/^\/.+\/data$/);
  expect(storePath('/var/mq/../store')).toBe('/var/store');
  expect(storePath('data')).toBe(`${process.cwd()}/data`);
});

test('log lines carry their fields, and errors in the words that help', () => {
  const lines: string[] = [];
  const logger = consoleLogger(
    (line) => lines.push(line),
    () => 'T',
    { broker: 'a' },
  );
  logger.debug('not shown');
  logger.child({ group: 'g h' }).warn('careful', { error: new StoreError('STORE_LOCKED', 'in use'), count: 2 });
  expect(lines).toEqual(['T WARN careful broker=a group="g h" error="STORE_LOCKED: in use" count=2\n']);
  logger.error('broken', { error: new Error('defect') });
  expect(lines[1]).toContain('Error: defect\n    at ');
});
