import { createInterface } from 'node:readline';
import { Child } from '../../support/child.js';
import { waitUntil } from '../../support/wait-until.js';
import { type ApacheVersion, apacheClassPath, endingWithUs, javaFlags } from '../apache/distribution.js';

const limitMs = 120_000;

/** A part of a topic's or group's name. */
export function partyName(version: ApacheVersion): string {
  return version.replaceAll('.', '_');
}

/** The official client of a version, asking and answering at several clusters at once (RequestReply.java). */
export class JavaParty {
  readonly name: string;
  readonly #child: Child;
  readonly #lines: string[] = [];

  private constructor(version: ApacheVersion, peer: ApacheVersion, nameServers: readonly string[], home: string) {
    this.name = partyName(version);
    const flags = [...javaFlags, '-Xmx256m', '-XX:+UseSerialGC', '-XX:TieredStopAtLevel=1', `-Duser.home=${home}`];
    const program = ['-cp', apacheClassPath(version), 'RequestReply', this.name, partyName(peer), ...nameServers];
    const quiet = ['-Drocketmq.client.logLevel=ERROR', '-Drocketmq.client.rebalance.waitInterval=1000'];
    const [command = 'java', ...words] = [...endingWithUs(), 'java', ...flags, ...quiet, ...program];
    this.#child = new Child(command, words);
    if (this.#child.process.stdout === null) throw new Error('no standard output');
    createInterface({ input: this.#child.process.stdout }).on('line', (line) => this.#lines.push(line));
  }

  static async start(
    version: ApacheVersion,
    peer: ApacheVersion,
    nameServers: readonly string[],
    home: string,
  ): Promise<JavaParty> {
    const party = new JavaParty(version, peer, nameServers, home);
    await party.#said('ready');
    return party;
  }

  /** Asks everybody; resolves when every request has its answer or its refusal. */
  async ask(): Promise<void> {
    this.#child.process.stdin?.write('go\n');
    await this.#said('done');
  }

  /** The lines of a kind about a cluster, sorted. */
  told(kind: 'verdict' | 'reply', cluster: number): readonly string[] {
    const start = `${kind} ${cluster} `;
    return this.#lines
      .filter((line) => line.startsWith(start))
      .map((line) => line.slice(start.length))
      .toSorted();
  }

  /** Resolves when so many replies were sent or refused at a cluster. */
  async replied(cluster: number, count: number): Promise<readonly string[]> {
    await this.#until(`${count} replies at cluster ${cluster}`, () => this.told('reply', cluster).length >= count);
    return this.told('reply', cluster);
  }

  async stop(): Promise<void> {
    await this.#child.kill('SIGKILL');
  }

  #said(word: string): Promise<true> {
    return this.#until(`${this.name} says ${word}`, () => this.#lines.includes(word));
  }

  #until(what: string, condition: () => boolean): Promise<true> {
    return waitUntil(what, limitMs, () => {
      if (this.#child.exit !== undefined) throw new Error(`${this.name} ended (${this.#child.exit}):\n${this.#child.output}`);
      return condition() || undefined;
    }).catch((error: unknown) => {
      throw new Error(`${String(error)}\n${this.#lines.join('\n')}\n${this.#child.output.slice(-4000)}`);
    });
  }
}
