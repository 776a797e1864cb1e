/**
 * What may import what, and where the seams of the outside world are. Data only: `boundaries.mjs` and `seams.mjs` enforce it.
 * The reasons are in ARCHITECTURE.md.
 */

/** Package → what it may import of ours. A trailing `/kernel` allows that subpath only. */
export const packageImports = {
  core: [],
  protocol: ['core/kernel'],
  remoting: ['core/kernel', 'protocol'],
  broker: ['core/kernel', 'protocol', 'remoting'],
  'transport-tcp': ['core', 'core/kernel', 'protocol', 'remoting'],
  'transport-embedded': ['core', 'core/kernel', 'transport-tcp', 'broker', 'remoting'],
  decorators: ['core', 'core/kernel'],
  testing: ['core', 'core/kernel'],
  orbitmq: ['core', 'core/kernel', 'decorators', 'decorators/inversify', 'transport-tcp', 'transport-embedded'],
};

/** What tests beside the source may import on top. */
export const testImports = ['testing', 'core', 'core/kernel'];

/** Folders of the broker, left to right: imports go only towards the left; folders of one group do not import each other. */
export const brokerLayers = [
  ['config', 'message-limits.ts', 'large-requests.ts'],
  ['stats'],
  ['store'],
  ['metadata', 'durable-put.ts', 'flow-control'],
  ['topic', 'group', 'offset'],
  ['filter'],
  ['schedule', 'retry', 'order', 'pop', 'idempotency'],
  ['transaction', 'timer'],
  ['client', 'long-polling'],
  ['ha', 'controller', 'reply'],
  ['processors'],
  ['registration'],
  ['metrics'],
  ['message-services.ts'],
  ['broker.ts'],
  ['bin'],
];

/** Folders of the broker that stand beside the layers. */
export const brokerAside = { nameserver: ['config', 'large-requests.ts'], 'index.ts': '*' };

/** Packages whose code reaches the outside world only through its seam files. */
export const seamedPackages = [
  'core',
  'protocol',
  'remoting',
  'broker',
  'transport-tcp',
  'transport-embedded',
  'decorators',
  'orbitmq',
  'testing',
];

/** File (or folder, ending in /) → the seams it may touch. Each is the only place for its kind. */
export const seamFiles = {
  'packages/core/src/kernel/system.ts': ['clock', 'timers', 'random'],
  'packages/core/src/app/process-environment.ts': ['environment', 'terminal'],
  // `process.nextTick` is no clock and no chance: it orders work inside one turn.
  'packages/remoting/src/connection/turn-flusher.ts': ['environment'],
  'packages/remoting/src/network/tcp-network.ts': ['sockets'],
  'packages/broker/src/store/io/node-directory-lock.ts': ['files', 'sockets', 'environment'],
  'packages/broker/src/store/io/node-file-system.ts': ['files', 'environment'],
  'packages/broker/src/store/io/node-file.ts': ['files'],
  'packages/broker/src/store/io/make-directories.ts': ['files'],
  'packages/broker/src/store/store-limits.ts': ['environment'],
  'packages/broker/src/config/processor-count.ts': ['environment'],
  'packages/broker/src/metrics/metrics-endpoint.ts': ['sockets'],
  'packages/broker/src/bin/': ['files', 'environment', 'terminal', 'processes', 'clock'],
  'packages/transport-tcp/src/local-address.ts': ['environment'],
  'packages/transport-tcp/src/rocketmq-transport.ts': ['environment'],
  'packages/transport-embedded/src/embedded-transport.ts': ['environment'],
  'packages/transport-embedded/src/memory-limit.ts': ['environment'],
  'packages/testing/src/time/run-turns.ts': ['timers'],
};
