import { virtualEnvironment } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { MemoryFileSystem } from '../store/io/memory-file-system.js';
import { ClientOffsets } from './client-offsets.js';
import { createConsumerOffsetManager } from './create-consumer-offset-manager.js';

test("clients move the offsets of their groups, and not those of the broker's own", async () => {
  const offsets = await createConsumerOffsetManager({
    environment: virtualEnvironment(1),
    fileSystem: new MemoryFileSystem(),
    directory: '/store/config',
    store: { whenFlushed: async () => undefined },
  });
  offsets.commit('CID_RMQ_SYS_TRANS', 'RMQ_SYS_TRANS_HALF_TOPIC', 0, 5);
  const forClients = new ClientOffsets(offsets);
  forClients.commit('CID_RMQ_SYS_TRANS', 'RMQ_SYS_TRANS_HALF_TOPIC', 0, 77);
  forClients.commit('CID_RMQ_SYS_REVIVE_GROUP', 'rmq_sys_REVIVE_LOG_DefaultCluster', 3, 1);
  forClients.commit('CID_mine', 'T', 0, 2);
  expect(forClients.query('CID_RMQ_SYS_TRANS', 'RMQ_SYS_TRANS_HALF_TOPIC', 0)).toBe(5);
  expect(offsets.query('CID_RMQ_SYS_REVIVE_GROUP', 'rmq_sys_REVIVE_LOG_DefaultCluster', 3)).toBe(-1);
  expect(offsets.query('CID_mine', 'T', 0)).toBe(2);
});
