/** `npm run api`: builds, and writes the reports of the public surface anew. `npm run check` compares with them. */
import { checkApi } from './check/api.mjs';
import { prepare, root } from './setup/prepare.mjs';

prepare({ build: true });
const problems = checkApi(root, { isUpdate: true });
for (const problem of problems) console.error(problem);
process.exitCode = problems.length === 0 ? 0 : 1;
