import { createRequest, type RemotingCommand } from '@orbitmq/protocol';
import { SeededRandom } from '@orbitmq/testing';
import { expect, test } from 'vitest';
import { RequestTable } from './request-table.js';

function requestOf(opaque: number): RemotingCommand {
  return { ...createRequest(1), opaque };
}

/** Random work, compared with a `Set` step by step. */
function compareWithSet(opaqueMax: number): void {
  const random = new SeededRandom(opaqueMax);
  const table = new RequestTable();
  const model = new Set<RemotingCommand>();
  for (let step = 0; step < 5000; step += 1) {
    if (random.chance(step < 2500 ? 0.6 : 0.4)) {
      const request = requestOf(random.int(opaqueMax) - 5);
      table.add(request);
      model.add(request);
    } else if (model.size > 0) {
      const request = Array.from(model)[random.int(model.size)]!;
      expect(table.remove(request)).toBe(model.delete(request));
      expect(table.remove(request)).toBe(false);
    }
    expect(table.size).toBe(model.size);
  }
  for (const request of model) expect(table.remove(request)).toBe(true);
  expect(table.size).toBe(0);
}

test.each([1, 7, 40, 100_000, 2 ** 31])('agrees with a Set when numbers are below %i', (opaqueMax) => {
  compareWithSet(opaqueMax);
});

test('requests with one number are different requests', () => {
  const table = new RequestTable();
  const [first, second] = [requestOf(3), requestOf(3)];
  table.add(first);
  expect(table.remove(second)).toBe(false);
  expect(table.remove(first)).toBe(true);
});

test('clear forgets all of them', () => {
  const table = new RequestTable();
  const requests = Array.from({ length: 100 }, (_, index) => requestOf(index));
  for (const request of requests) table.add(request);
  table.clear();
  expect(table.size).toBe(0);
  expect(table.remove(requests[0]!)).toBe(false);
});
