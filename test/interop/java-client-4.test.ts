import { verifies } from '../support/verifies.js';
import { JavaClient } from './java-client.js';
import { startOrbitServer } from './orbit-server.js';
import { describeCell } from './run-matrix.js';

describeCell({
  title: 'Java client 4.9.7 at our broker',
  startServer: (directory) => startOrbitServer(directory),
  startClient: (server, directory) => {
    verifies('java-clients');
    // With the client's own intervals; a cell of 5.5.0 has them shorter.
    return JavaClient.start('4.9.7', server.namesrvAddr, directory);
  },
  needsApache: true,
});
