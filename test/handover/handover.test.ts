/** A directory goes from broker to broker: Apache's of both versions and ours, stopped in order and killed. */
import { afterEach, describe, test } from 'vitest';
import { apacheMissing, apacheVersions } from '../interop/apache/distribution.js';
import { CleanUps } from '../support/clean-ups.js';
import { verifies } from '../support/verifies.js';
import { Handover, type StagePlan } from './handover-stage.js';

const cleanUps = new CleanUps();
const chainLimitMs = 600_000;

afterEach(() => cleanUps.run());

const missing = apacheMissing();

async function runChain(stages: readonly StagePlan[]): Promise<void> {
  const handover = new Handover(await cleanUps.directory('handover'), (child) => void cleanUps.child(child));
  for (const stage of stages) await handover.run(stage);
  handover.expectEnd();
}

describe.skipIf(missing !== undefined).each(apacheVersions)(`hand-over with Apache %s${missing ?? ''}`, (apache) => {
  test(
    'from Apache to ours and back, in order and killed',
    async () => {
      verifies('store-handover');
      await runChain([
        { kind: apache, stop: 'SIGTERM' },
        { kind: 'OrbitMQ', stop: 'SIGTERM' },
        { kind: apache, stop: 'SIGKILL' },
        { kind: 'OrbitMQ', stop: 'SIGKILL' },
        { kind: apache, stop: 'SIGTERM' },
      ]);
    },
    chainLimitMs,
  );

  test(
    'from ours to Apache and back',
    async () => {
      await runChain([
        { kind: 'OrbitMQ', stop: 'SIGKILL' },
        { kind: apache, stop: 'SIGTERM' },
        { kind: 'OrbitMQ', stop: 'SIGTERM' },
      ]);
    },
    chainLimitMs,
  );
});
