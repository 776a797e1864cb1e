import type { RequirementId } from '../requirements.js';

/** A bug that is planted into a copy of the sources, and the tests that must find it. */
export interface Mutation {
  readonly id: string;
  /** What it breaks, in one sentence. */
  readonly breaks: string;
  /** The promise that does not hold with it. */
  readonly promise: RequirementId;
  /** A peer that had it. */
  readonly seenIn?: string;
  /** From the root of the repository. */
  readonly file: string;
  /** Occurs exactly once in the file. */
  readonly from: string;
  readonly to: string;
  /** At least one of these tests fails with it. */
  readonly tests: PlannedTests;
}

export interface PlannedTests {
  /** From the root of the repository. */
  readonly files: readonly string[];
  /** Part of the tests' names, as vitest's `-t` takes it; all of the files when there is none. */
  readonly filter?: string;
}
