import { Child } from '../../support/child.js';
import { waitUntil } from '../../support/wait-until.js';
import { type ApacheVersion, apacheClassPath, javaFlags, quickFlags } from '../apache/distribution.js';

const limitMs = 150_000;

/** What the official consumers of a version get by SQL92 selectors: the lines that FilteredConsumers.java prints. */
export async function filteredConsumers(
  version: ApacheVersion,
  namesrvAddr: string,
  topic: string,
  home: string,
): Promise<readonly string[]> {
  const quick = ['-Drocketmq.client.rebalance.waitInterval=1000', '-Drocketmq.client.logLevel=ERROR'];
  const flags = [...javaFlags, ...quickFlags, '-Xmx256m', `-Duser.home=${home}`, ...quick];
  const child = new Child('java', [...flags, '-cp', apacheClassPath(version), 'FilteredConsumers', namesrvAddr, topic, version]);
  let text = '';
  child.process.stdout?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  const exit = await waitUntil('the consumers are done', limitMs, () => child.exit);
  if (exit !== 0) throw new Error(`FilteredConsumers ended with ${exit}:\n${child.output}`);
  return text.split('\n').filter((line) => line !== '');
}
