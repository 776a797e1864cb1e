/** Load on a real broker, with a journal of how each send ended. */
import { setTimeout as pause } from 'node:timers/promises';
import { ResponseCode } from '@orbitmq/protocol';
import { BrokerCalls, type SendOutcome } from '../support/broker-calls.js';
import { type JournalEntry, type StoredMessage, sealedBody } from './ack-journal.js';

const topic = 'journal';
const queueCount = 4;

export interface Sending extends JournalEntry {
  outcome: SendOutcome | undefined;
}

export interface Load {
  /** Sends open at a time, on two connections. */
  readonly lanes: number;
  readonly bodyBytesMax: number;
  /** For the answer to one send. Default: 20,000. */
  readonly timeoutMs?: number;
  /** How long a lane waits after a send that ended so, ms; undefined: it sends no more. */
  readonly pauseMs: (outcome: SendOutcome) => number | undefined;
}

/** Sends until it is over, and has seen the end of each send then. */
export async function load(address: string, journal: Sending[], options: Load, isOver: () => boolean): Promise<void> {
  const { bodyBytesMax, lanes, pauseMs, timeoutMs = 20_000 } = options;
  const connections = await Promise.all([
    BrokerCalls.connect(address, { timeoutMs }),
    BrokerCalls.connect(address, { timeoutMs }),
  ]);
  const working = Array.from({ length: lanes }, async (_, lane) => {
    const calls = connections[lane % connections.length] as BrokerCalls;
    while (!isOver()) {
      const body = sealedBody(`${journal.length} ${'x'.repeat((journal.length * 3701) % bodyBytesMax)}`);
      const waitMs = pauseMs(await sendOne(calls, journal, lane % queueCount, body));
      if (waitMs === undefined) break;
      if (waitMs > 0) await pause(waitMs);
    }
  });
  await Promise.all(working);
  await Promise.all(connections.map((calls) => calls.stop()));
}

async function sendOne(calls: BrokerCalls, journal: Sending[], queueId: number, body: string): Promise<SendOutcome> {
  const begunAt = performance.now();
  const sending: Sending = {
    body,
    queueId,
    begunAt,
    ackedAt: undefined,
    queueOffset: undefined,
    refused: false,
    outcome: undefined,
  };
  journal.push(sending);
  const outcome = await calls.send(topic, queueId, body);
  sending.outcome = outcome;
  if (outcome.kind === 'refused') {
    // 10, 11 and 12 are stored all the same.
    sending.refused = outcome.code < ResponseCode.FLUSH_DISK_TIMEOUT || outcome.code > ResponseCode.FLUSH_SLAVE_TIMEOUT;
  }
  if (outcome.kind === 'stored') {
    sending.queueOffset = outcome.queueOffset;
    sending.ackedAt = performance.now();
  }
  return outcome;
}

export async function readAll(address: string): Promise<readonly StoredMessage[]> {
  const calls = await BrokerCalls.connect(address);
  const stored: StoredMessage[] = [];
  for (let queueId = 0; queueId < queueCount; queueId += 1) {
    for (const { queueOffset, body } of await calls.read(topic, queueId)) {
      stored.push({ queueId, queueOffset, body: body.toString() });
    }
  }
  await calls.stop();
  return stored;
}
