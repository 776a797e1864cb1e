/** Writes `docs/features.md` from `test/requirements.ts` (`npm run docs`); a test compares the two. */
import { writeFileSync } from 'node:fs';
import { featuresPage } from '../test/house/features-page.ts';

writeFileSync(new URL('../docs/features.md', import.meta.url), featuresPage());
