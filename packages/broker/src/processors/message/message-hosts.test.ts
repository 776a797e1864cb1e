import { encodeHost, SysFlag } from '@orbitmq/protocol';
import { expect, it } from 'vitest';
import { FakeConnection } from '../../test-support/fake-connection.js';
import { MessageHosts } from './message-hosts.js';

it('keeps the address of the broker once its port is known', () => {
  const addresses = ['127.0.0.1:0', '127.0.0.1:10911', '127.0.0.1:1'];
  const hosts = new MessageHosts(() => addresses.shift() ?? '');
  expect(hosts.storeHost).toEqual(encodeHost('127.0.0.1:0'));
  expect(hosts.messageIds.idOf(1)).toBe('7F00000100002A9F0000000000000001');
  expect(hosts.storeHost).toEqual(encodeHost('127.0.0.1:10911'));
  expect(addresses).toHaveLength(1);
});

it('encodes the address of a connection once', () => {
  const hosts = new MessageHosts(() => '127.0.0.1:10911');
  const connection = new FakeConnection();
  expect(hosts.bornHost(connection)).toBe(hosts.bornHost(connection));
});

it('sets the bits of the host lengths by itself, whatever the sender says', () => {
  const forged = SysFlag.COMPRESSED | SysFlag.BORN_HOST_V6 | SysFlag.STORE_HOST_V6;
  const onIpv4 = new MessageHosts(() => '127.0.0.1:10911');
  expect(onIpv4.withHostBits(forged, encodeHost('192.0.2.2:1'))).toBe(SysFlag.COMPRESSED);
  const onIpv6 = new MessageHosts(() => '[::1]:10911');
  expect(onIpv6.withHostBits(0, encodeHost('[::2]:1'))).toBe(SysFlag.BORN_HOST_V6 | SysFlag.STORE_HOST_V6);
});
