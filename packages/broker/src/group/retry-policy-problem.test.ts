import { ResponseCode } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { retryPolicyProblem } from './retry-policy-problem.js';
import { wantedGroup } from './wanted-group.js';

describe('retryPolicyProblem', () => {
  it.each([
    undefined,
    null,
    {},
    { type: 'CUSTOMIZED' },
    { type: 'EXPONENTIAL', exponentialRetryPolicy: { initial: 5000, max: 7_200_000, multiplier: 2 } },
    { type: 'CUSTOMIZED', customizedRetryPolicy: { next: [1000, 5000] }, exponentialRetryPolicy: null, later: 1 },
    { customizedRetryPolicy: { next: [] } },
  ])('takes %j', (policy) => {
    expect(retryPolicyProblem(policy)).toBeUndefined();
  });

  it.each([
    5,
    'CUSTOMIZED',
    [],
    { type: 'LINEAR' },
    { type: 1 },
    { exponentialRetryPolicy: 5 },
    { exponentialRetryPolicy: { initial: '5000' } },
    { exponentialRetryPolicy: { max: -1 } },
    { exponentialRetryPolicy: { multiplier: 1.5 } },
    { customizedRetryPolicy: [1000] },
    { customizedRetryPolicy: { next: 1000 } },
    { customizedRetryPolicy: { next: [1000, null] } },
  ])('refuses %j', (policy) => {
    expect(retryPolicyProblem(policy)).toEqual(expect.any(String));
  });
});

it('a group with a policy that is none is refused; one with a policy keeps it', () => {
  const policy = { type: 'EXPONENTIAL', exponentialRetryPolicy: { initial: 1, max: 2, multiplier: 3 } };
  expect(wantedGroup({ groupName: 'g', groupRetryPolicy: policy }, () => undefined)).toMatchObject({
    source: { groupRetryPolicy: policy },
  });
  expect(wantedGroup({ groupName: 'g', groupRetryPolicy: 5 }, () => undefined)).toEqual({
    code: ResponseCode.INVALID_PARAMETER,
    remark: 'groupRetryPolicy is no object',
  });
});
