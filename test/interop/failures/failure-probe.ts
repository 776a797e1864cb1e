import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type ApacheVersion, apacheClassPath, endingWithUs, javaFlags, quickFlags } from '../apache/distribution.js';

const limitMs = 120_000;
const run = promisify(execFile);

/** What an official client of a version sees of failures: the lines that FailureProbe.java prints, by their names. */
export async function failureProbe(
  version: ApacheVersion,
  namesrvAddr: string,
  home: string,
): Promise<Readonly<Record<string, string>>> {
  const quick = [...quickFlags, '-Drocketmq.client.rebalance.waitInterval=1000', '-Drocketmq.client.logLevel=ERROR'];
  const flags = [...javaFlags, '-Xmx256m', `-Duser.home=${home}`, ...quick];
  const command = ['java', ...flags, '-cp', apacheClassPath(version), 'FailureProbe', namesrvAddr];
  const [program = 'java', ...words] = [...endingWithUs(), ...command];
  const { stdout } = await run(program, words, { timeout: limitMs });
  return Object.fromEntries(
    stdout
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => [line.slice(0, line.indexOf(': ')), line.slice(line.indexOf(': ') + 2)]),
  );
}
