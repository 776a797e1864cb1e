import type { JsonValue } from '@orbitmq/protocol';
import type { JsonFields } from '../metadata/json-fields.js';

const exponentialMembers: readonly string[] = ['initial', 'max', 'multiplier'];

/**
 * Why a `groupRetryPolicy` of 5.x is none; undefined when it can be kept. It is for consumers that pop: a message that is sent back
 * waits at its delay level, here as at Apache's broker. A listing with a wrong one could not be read by a Java tool.
 */
export function retryPolicyProblem(policy: JsonValue | undefined): string | undefined {
  if (policy === undefined || policy === null) return undefined;
  if (!isObject(policy)) return 'groupRetryPolicy is no object';
  const { type, exponentialRetryPolicy, customizedRetryPolicy } = policy;
  if (type !== undefined && type !== 'EXPONENTIAL' && type !== 'CUSTOMIZED') {
    return 'the type of groupRetryPolicy is neither EXPONENTIAL nor CUSTOMIZED';
  }
  return exponentialProblem(exponentialRetryPolicy) ?? customizedProblem(customizedRetryPolicy);
}

function exponentialProblem(policy: JsonValue | undefined): string | undefined {
  if (policy === undefined || policy === null) return undefined;
  if (!isObject(policy)) return 'exponentialRetryPolicy is no object';
  const wrong = exponentialMembers.find((member) => policy[member] !== undefined && !isCount(policy[member]));
  return wrong === undefined ? undefined : `exponentialRetryPolicy.${wrong} is no whole number`;
}

function customizedProblem(policy: JsonValue | undefined): string | undefined {
  if (policy === undefined || policy === null) return undefined;
  if (!isObject(policy)) return 'customizedRetryPolicy is no object';
  const { next } = policy;
  if (next === undefined || next === null || (Array.isArray(next) && next.every(isCount))) return undefined;
  return 'customizedRetryPolicy.next is no list of milliseconds';
}

function isObject(value: JsonValue | undefined): value is JsonFields & JsonValue {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isCount(value: JsonValue | undefined): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
}
