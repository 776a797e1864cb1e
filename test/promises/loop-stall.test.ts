/**
 * A real NameServer and broker in this process, without a network or a disk, and one request after the other that costs what it
 * can. What is looked at is how long nobody else was served.
 */
import { writeFileSync } from 'node:fs';
import type { InProcessNetwork } from '@orbitmq/remoting';
import { afterEach, expect, test } from 'vitest';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { brokerPort, heavyRequests } from './heavy-requests.js';
import { stallOf, startServers } from './stall-servers.js';

/**
 * 50 ms are aimed at; others may be at work on the machine, and share its caches. What is not bounded takes seconds.
 * `STALL_OUT=file` writes what was measured, and then each request has its three tries.
 */
const stallMsMax = 100;
const wishedMsMax = 50;
const cleanUps = new CleanUps();

afterEach(() => cleanUps.run());

async function makeWideTopic(network: InProcessNetwork): Promise<void> {
  const fields = {
    topic: 'Wide',
    defaultTopic: 'TBW102',
    perm: '6',
    topicFilterType: 'SINGLE_TAG',
    topicSysFlag: '0',
    order: 'false',
  };
  const counts = { readQueueNums: '65536', writeQueueNums: '65536' };
  await stallOf({ name: 'wide', port: brokerPort, code: 17, extFields: { ...fields, ...counts } }, network);
  await stallOf(
    {
      name: 'narrow',
      port: brokerPort,
      code: 17,
      extFields: { ...fields, topic: 'Narrow', readQueueNums: '4', writeQueueNums: '4' },
    },
    network,
  );
}

test('no request keeps others waiting for long', async () => {
  verifies('loop-stall');
  const network = await startServers({ cleanUps });
  await makeWideTopic(network);
  const out: string[] = [];
  const slow: string[] = [];
  for (const request of heavyRequests()) {
    let best = await stallOf(request, network);
    // The least of three: a collection of garbage that others have made is none of the request's.
    const againMs = process.env['STALL_OUT'] === undefined ? (request.stallMsMax ?? stallMsMax) : wishedMsMax;
    for (let again = 0; again < 2 && best.ms > againMs; again += 1) {
      const next = await stallOf(request, network);
      if (next.ms < best.ms) best = next;
    }
    out.push(`${best.ms.toFixed(1).padStart(8)} ${request.name}: ${best.end}`);
    if (best.ms > (request.stallMsMax ?? stallMsMax)) slow.push(`${best.ms.toFixed(1)} ${request.name}: ${best.end}`);
    if (process.env['STALL_OUT'] !== undefined) writeFileSync(process.env['STALL_OUT'], out.join('\n'));
  }
  expect(slow).toEqual([]);
}, 600_000);
