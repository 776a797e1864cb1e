/** The bugs that the tests must find, most of them seen in peers. `npm run planted-bugs` plants one after the other. */
import type { Mutation } from './mutation.js';
import { recoveringMutations } from './recovering.js';
import { stateFileMutations } from './state-files.js';
import { writingMutations } from './writing.js';

export const mutations: readonly Mutation[] = [...writingMutations, ...stateFileMutations, ...recoveringMutations];
