import { expectTypeOf, test } from 'vitest';
import { z } from 'zod';
import { defineTopic } from './define-topic.js';
import type { PayloadOf, TopicDefinition } from './topic-definition.js';

interface OrderV1 {
  readonly id: string;
  readonly cents: number;
}
interface OrderV2 {
  readonly id: string;
  readonly amount: number;
}
interface OrderV3 {
  readonly id: string;
  readonly amount: number;
  readonly currency: string;
}
const OrderSchema = z.object({ id: z.string(), amount: z.number(), currency: z.string() });
const toV2 = (old: OrderV1): OrderV2 => ({ id: old.id, amount: old.cents / 100 });
const toV3 = (old: OrderV2): OrderV3 => ({ ...old, currency: 'EUR' });

test('the payload type is given, or comes from the schema or the last upcast', () => {
  expectTypeOf(defineTopic<OrderV1>('orders')).toEqualTypeOf<TopicDefinition<OrderV1>>();
  expectTypeOf(defineTopic<OrderV3>('orders', { schema: OrderSchema })).toEqualTypeOf<TopicDefinition<OrderV3>>();
  const inferred = defineTopic('orders', { schema: OrderSchema });
  expectTypeOf<PayloadOf<typeof inferred>>().toEqualTypeOf<{ id: string; amount: number; currency: string }>();
  const chained = defineTopic('orders', { version: 3, upcast: { 1: toV2, 2: toV3 } });
  expectTypeOf<PayloadOf<typeof chained>>().toEqualTypeOf<OrderV3>();
  const checked = defineTopic('orders', {
    schema: OrderSchema,
    version: 3,
    upcast: { 1: toV2, 2: async (old: OrderV2) => toV3(old) },
  });
  expectTypeOf<PayloadOf<typeof checked>>().toEqualTypeOf<{ id: string; amount: number; currency: string }>();
  defineTopic<OrderV3>('orders', { version: 3, upcast: { 1: toV2, 2: toV3 } });
});

test('wrong topics do not compile', () => {
  // @ts-expect-error a schema of another payload
  defineTopic<OrderV1>('orders', { schema: OrderSchema });
  // @ts-expect-error the step from 1 does not give what the step from 2 takes
  defineTopic('orders', { version: 3, upcast: { 1: (old: OrderV1) => old, 2: toV3 } });
  // @ts-expect-error a version is left out
  defineTopic('orders', { version: 3, upcast: { 2: toV3 } });
  // @ts-expect-error the chain does not end in what the schema gives
  defineTopic('orders', { schema: OrderSchema, version: 2, upcast: { 1: toV2 } });
  // @ts-expect-error topics of different payloads are different
  const wrong: TopicDefinition<OrderV1> = defineTopic<OrderV2>('orders');
  // @ts-expect-error also when one payload is part of the other
  const narrow: TopicDefinition<OrderV2> = defineTopic<OrderV3>('orders');
  return [wrong, narrow];
});
