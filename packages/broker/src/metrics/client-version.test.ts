import { expect, it } from 'vitest';
import { clientVersion } from './client-version.js';

it.each([
  [0, 'v3'],
  [211, 'v3'],
  [212, 'v4_0_0_snapshot'],
  [213, 'v4_0_0'],
  [401, 'v4_9_4'],
  [407, 'v4_9_7'],
  [411, 'v4_9_9'],
  [412, 'v5_0_0_snapshot'],
  [473, 'v5_3_0'],
  [513, 'v5_5_0'],
  [611, 'v5_9_9'],
  [612, 'higher_version'],
])('%d is %s', (ordinal, name) => {
  expect(clientVersion(ordinal)).toBe(name);
});
