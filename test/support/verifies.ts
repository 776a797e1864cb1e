import type { RequirementId } from '../requirements.js';

/** Says which promises a test shows. The call does nothing; `requirements.test.ts` reads it from the source. */
export function verifies(...ids: readonly [RequirementId, ...RequirementId[]]): void {
  void ids;
}
