import { describe, expect, test } from 'vitest';
import { defaultBrokerConfig } from './broker-config.js';
import { bindBrokerConfig } from './broker-config-rules.js';
import { brokerKeysWithoutEffect, namesrvKeysWithoutEffect } from './keys-without-effect.js';
import { defaultNamesrvConfig } from './namesrv-config.js';
import { bindNamesrvConfig } from './namesrv-config-rules.js';
import { parseProperties } from './properties.js';

const warningsOf = (text: string) => bindBrokerConfig(parseProperties(text)).warnings;

/** Keys and values of the files that Apache ships, and of the usual production guides. */
const shipped = {
  'conf/broker.conf': `
brokerClusterName = DefaultCluster
brokerName = broker-a
brokerId = 0
deleteWhen = 04
fileReservedTime = 48
brokerRole = ASYNC_MASTER
flushDiskType = ASYNC_FLUSH
`,
  'conf/2m-noslave/broker-trace.properties': `
brokerClusterName=DefaultCluster
brokerName=broker-trace
brokerId=0
deleteWhen=04
fileReservedTime=48
brokerRole=ASYNC_MASTER
flushDiskType=ASYNC_FLUSH
`,
  'a production guide': `
namesrvAddr=10.0.0.1:9876;10.0.0.2:9876
brokerIP1=10.0.0.5
listenPort=10911
defaultTopicQueueNums=4
autoCreateTopicEnable=false
autoCreateSubscriptionGroup=false
mapedFileSizeCommitLog=1073741824
mapedFileSizeConsumeQueue=6000000
diskMaxUsedSpaceRatio=88
storePathRootDir=/data/store
storePathCommitLog=/data/store/commitlog
maxMessageSize=65536
flushCommitLogLeastPages=4
flushConsumeQueueLeastPages=2
flushCommitLogThoroughInterval=10000
flushConsumeQueueThoroughInterval=60000
sendMessageThreadPoolNums=128
pullMessageThreadPoolNums=128
useReentrantLockWhenPutMessage=true
waitTimeMillsInSendQueue=1000
warmMapedFileEnable=true
transientStorePoolEnable=false
enablePropertyFilter=false
slaveReadEnable=false
traceTopicEnable=true
transactionOpMsgMaxSize=4096
transactionOpBatchInterval=3000
lockInStrictMode=false
`,
};

test.each(Object.entries(shipped))('%s is taken without a word', (_name, text) => {
  expect(warningsOf(text)).toEqual([]);
});

describe('a value that asks for what is not done is named', () => {
  test.each([
    'enableCalcFilterBitMap=true',
    'transientStorePoolEnable=true',
    'inSyncReplicas=2',
    'slaveReadEnable=TRUE',
    'aclEnable=true',
    'enableDLegerCommitLog=true',
    'storeType=defaultRocksDB',
    'forceRegister=false',
    'storePathIndex=/data/index',
    'lockInStrictMode=true',
  ])('%s', (line) => {
    expect(warningsOf(line)).toEqual([expect.stringMatching(new RegExp(`"${line.split('=')[0]}" has no effect: `))]);
  });
});

test('a key is either known or without effect, not both', () => {
  const both = [...brokerKeysWithoutEffect.keys()].filter((key) => Object.hasOwn(defaultBrokerConfig, key));
  const bothOfNamesrv = [...namesrvKeysWithoutEffect.keys()].filter((key) => Object.hasOwn(defaultNamesrvConfig, key));
  expect([...both, ...bothOfNamesrv]).toEqual([]);
});

test("the keys of a NameServer's file", () => {
  const warnings = (text: string) => bindNamesrvConfig(parseProperties(text)).warnings;
  expect(warnings('listenPort=9876\nkvConfigPath=/d/kv.json\nconfigStorePath=/d/ns.conf\nserverWorkerThreads=8')).toEqual([]);
  expect(warnings('orderMessageEnable=true')).toEqual([]);
  expect(warnings('clusterTest=true')).toEqual([expect.stringContaining('"clusterTest" has no effect')]);
});
