import type { StandardSchemaV1 } from '@standard-schema/spec';
import { andThen, type MaybePromise } from './maybe-promise.js';
import { attempt, payloadError } from './payload-error.js';

const issueCountShownMax = 5;

/** Checks a payload with any Standard Schema and gives what the schema made of it. Fails with `PAYLOAD_INVALID`. */
export function validatePayload<T>(
  topic: string,
  schema: StandardSchemaV1<unknown, T> | undefined,
  payload: unknown,
): MaybePromise<T> {
  if (schema === undefined) return payload as T;
  const result = attempt(topic, 'validate', () => schema['~standard'].validate(payload));
  return andThen(result, (checked) => {
    if (checked.issues === undefined) return checked.value;
    throw payloadError(topic, 'validate', describeIssues(checked.issues));
  });
}

function describeIssues(issues: readonly StandardSchemaV1.Issue[]): string {
  const shown = issues.slice(0, issueCountShownMax).map(describeIssue);
  const more = issues.length - shown.length;
  return shown.join('; ') + (more > 0 ? `; and ${more} more` : '');
}

function describeIssue(issue: StandardSchemaV1.Issue): string {
  const path = (issue.path ?? []).map((part) => String(typeof part === 'object' ? part.key : part)).join('.');
  return path === '' ? issue.message : `${path}: ${issue.message}`;
}
