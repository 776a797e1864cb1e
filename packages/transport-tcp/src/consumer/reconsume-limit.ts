import type { ConsumerDefinition } from '@orbitmq/core';

/** Java: Integer.MAX_VALUE, "without end". */
const reconsumeTimesUnlimited = 2147483647;
const reconsumeTimesConcurrentDefault = 16;

/** `maxReconsumeTimes` with -1 resolved: 16 when concurrent, without end when orderly (page 05 §6). */
export function reconsumeLimit(definition: Pick<ConsumerDefinition, 'orderly' | 'maxReconsumeTimes'>): number {
  if (definition.maxReconsumeTimes >= 0) return definition.maxReconsumeTimes;
  return definition.orderly ? reconsumeTimesUnlimited : reconsumeTimesConcurrentDefault;
}
