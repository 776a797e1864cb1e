import { expect, it } from 'vitest';
import { temporaryDirectory } from '../support/temporary-directory.js';
import { verifies } from '../support/verifies.js';
import { endUnderLoad } from './end-under-load.js';

const rounds = 20;

it('kill -9 under load loses, invents and reorders nothing', { timeout: 300_000 }, async () => {
  verifies('durable-kill', 'offset-identity');
  const directory = await temporaryDirectory('kill');
  const verdict = await endUnderLoad({ rounds, directory: directory.path });
  expect(verdict.violations.slice(0, 10)).toEqual([]);
  // A run without acknowledged and interrupted sends would show nothing.
  expect(verdict.acked).toBeGreaterThan(rounds * 100);
  expect(verdict.unknown).toBeGreaterThan(0);
  console.log(
    `${rounds} kills: ${verdict.acked} acknowledged, ${verdict.unknown} unknown, ${verdict.stored} stored, 0 violations`,
  );
  await directory.remove();
});
