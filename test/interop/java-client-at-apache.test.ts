import { startApacheServer } from './apache/apache-server.js';
import { JavaClient, shortIntervals } from './java-client.js';
import { describeCell } from './run-matrix.js';

/** The scenarios themselves are right: the official client passes them at the official broker. */
describeCell({
  title: 'Java client 5.5.0 at Apache 5.5.0',
  startServer: (directory) => startApacheServer('5.5.0', directory),
  startClient: (server, directory) => JavaClient.start('5.5.0', server.namesrvAddr, directory, shortIntervals),
  needsApache: true,
  isApacheAlone: true,
});
