import { verifies } from '../support/verifies.js';
import { startApacheServer } from './apache/apache-server.js';
import { OrbitClient } from './orbit-client.js';
import { describeCell } from './run-matrix.js';

describeCell({
  title: 'our client at Apache 4.9.7',
  startServer: (directory) => startApacheServer('4.9.7', directory),
  startClient: async (server) => {
    verifies('apache-brokers');
    return new OrbitClient(server.namesrvAddr);
  },
  needsApache: true,
});
