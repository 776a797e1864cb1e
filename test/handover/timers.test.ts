/**
 * A directory with timed messages that wait goes from Apache's broker to ours and back, stopped in order and killed: each is
 * delivered by whoever has the directory when it is due, never early, and what was taken back never comes.
 */
import { afterEach, describe, expect, test } from 'vitest';
import { apacheMissing } from '../interop/apache/distribution.js';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { waitUntil } from '../support/wait-until.js';
import { type BrokerKind, startBrokerOn } from './broker-on-directory.js';
import { HandoverClient } from './handover-client.js';

const cleanUps = new CleanUps();
const limitMs = 300_000;
const arrivalLimitMs = 90_000;
/** Longer than `timerFlushIntervalMs`. */
const settleMs = 1500;
const topic = 'timed';
/** Some messages wait within the window and others are rolled on their way; files of the timer log that fill up. */
const config = { timerRollWindowSlot: '12', mappedFileSizeTimerLog: '4000' };
const missing = apacheMissing();

afterEach(() => cleanUps.run());

interface Stage {
  readonly kind: BrokerKind;
  readonly stop: 'SIGTERM' | 'SIGKILL';
}

class TimedHandover {
  readonly #directory: string;
  readonly #dueAt = new Map<string, number>();
  readonly #takenBack: string[] = [];
  /** Delivered by an Apache broker that was killed: that may come once more. */
  readonly #mayRepeat = new Set<string>();
  #stageCount = 0;

  constructor(directory: string) {
    this.#directory = directory;
  }

  async run({ kind, stop }: Stage): Promise<void> {
    this.#stageCount += 1;
    const label = `${this.#stageCount}-${kind}`;
    const onProcess = (child: Parameters<CleanUps['child']>[0]): void => void cleanUps.child(child);
    const broker = await startBrokerOn(kind, { directory: this.#directory, onProcess, config });
    const client = await HandoverClient.connect(broker.address);
    try {
      if (this.#stageCount === 1) await client.createTopic(topic, 1, 6);
      await this.#sendAll(client, label);
      const before = new Set([...this.#dueAt].filter(([, dueAt]) => dueAt <= Date.now() + 2000).map(([body]) => body));
      await this.#arrived(client, before);
      await new Promise((resolve) => setTimeout(resolve, settleMs));
      await this.#check(client);
      if (stop === 'SIGKILL' && kind !== 'OrbitMQ') {
        for (const message of await client.messages(topic, 0)) this.#mayRepeat.add(message.body.toString());
      }
    } finally {
      await client.stop();
      await broker.stop(stop);
    }
  }

  /** The last broker delivers the rest. */
  async end(kind: BrokerKind): Promise<void> {
    const broker = await startBrokerOn(kind, { directory: this.#directory, config });
    cleanUps.child(broker.process);
    const client = await HandoverClient.connect(broker.address);
    cleanUps.add(() => client.stop());
    await this.#arrived(client, new Set(this.#dueAt.keys()));
    await this.#check(client);
    await broker.stop('SIGTERM');
  }

  async #sendAll(client: HandoverClient, label: string): Promise<void> {
    for (let number = 0; number < 40; number += 1) {
      const delayMs = 1000 + ((number * 37) % 40) * 350;
      await this.#send(client, `${label}-${number}`, Date.now() + delayMs, {});
    }
    // Within the window: Apache delivers one that it rolled, taken back or not, when its time passed while no broker ran.
    const latest = Date.now() + 11_000;
    const body = `${label}-taken-back`;
    this.#takenBack.push(body);
    await client.send({ topic, body, properties: { UNIQ_KEY: body, TIMER_DELIVER_MS: String(latest) } });
    await client.send({
      topic,
      body: '0',
      properties: { UNIQ_KEY: `${body}-x`, TIMER_DEL_UNIQKEY: body, TIMER_DELIVER_MS: String(latest) },
    });
  }

  async #send(client: HandoverClient, body: string, dueAt: number, more: Record<string, string>): Promise<void> {
    await client.send({ topic, body, properties: { TIMER_DELIVER_MS: String(dueAt), ...more } });
    this.#dueAt.set(body, dueAt);
  }

  async #arrived(client: HandoverClient, bodies: ReadonlySet<string>): Promise<void> {
    await waitUntil(`${bodies.size} timed messages arrive`, arrivalLimitMs, async () => {
      const found = new Set((await client.messages(topic, 0)).map((message) => message.body.toString()));
      if ([...bodies].every((body) => found.has(body))) return true;
      return new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 300));
    });
  }

  async #check(client: HandoverClient): Promise<void> {
    const counts = new Map<string, number>();
    for (const { body, storeTimestamp } of await client.messages(topic, 0)) {
      const name = body.toString();
      counts.set(name, (counts.get(name) ?? 0) + 1);
      expect(this.#takenBack, 'taken back').not.toContain(name);
      expect(storeTimestamp, `${name} is not early`).toBeGreaterThanOrEqual(this.#dueAt.get(name) ?? Number.POSITIVE_INFINITY);
    }
    for (const [name, count] of counts) expect(count, name).toBeLessThanOrEqual(this.#mayRepeat.has(name) ? 2 : 1);
  }
}

describe.skipIf(missing !== undefined)(`timed messages over a hand-over with Apache 5.5.0${missing ?? ''}`, () => {
  test(
    'from Apache to ours and back, in order and killed',
    async () => {
      verifies('store-handover', 'timed-message');
      const handover = new TimedHandover(await cleanUps.directory('timers'));
      await handover.run({ kind: '5.5.0', stop: 'SIGKILL' });
      await handover.run({ kind: 'OrbitMQ', stop: 'SIGKILL' });
      await handover.run({ kind: '5.5.0', stop: 'SIGTERM' });
      await handover.end('OrbitMQ');
    },
    limitMs,
  );
});
