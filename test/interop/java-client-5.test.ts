import { verifies } from '../support/verifies.js';
import { JavaClient, shortIntervals } from './java-client.js';
import { startOrbitServer } from './orbit-server.js';
import { describeCell } from './run-matrix.js';

describeCell({
  title: 'Java client 5.5.0 at our broker',
  startServer: (directory) => startOrbitServer(directory),
  startClient: (server, directory) => {
    verifies('java-clients');
    return JavaClient.start('5.5.0', server.namesrvAddr, directory, shortIntervals);
  },
  needsApache: true,
});
