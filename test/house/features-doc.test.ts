import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { featuresPage } from './features-page.js';

it('docs/features.md says what test/requirements.ts says', () => {
  expect(readFileSync(new URL('../../docs/features.md', import.meta.url), 'utf8')).toBe(featuresPage());
});
