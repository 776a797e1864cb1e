import { OrbitClient } from './orbit-client.js';
import { startOrbitServer } from './orbit-server.js';
import { describeCell } from './run-matrix.js';

describeCell({
  title: 'our client at our broker',
  startServer: (directory) => startOrbitServer(directory),
  startClient: async (server) => new OrbitClient(server.namesrvAddr),
  needsApache: false,
});
