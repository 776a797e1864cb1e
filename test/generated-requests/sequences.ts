/** Sequences of requests, in order and hostile, as fast-check makes them: the same seed gives the same, and a failure shrinks. */
import fc from 'fast-check';
import { type RequestKind, requestKinds } from './catalogue.js';
import { hostileNames, hostileTexts, hostileValues, nestings } from './hostile-values.js';
import type { Ask, BodySpec, FrameDamage, Step } from './step.js';

/** What is done to one field: another value, none, or one more field. */
type FieldChange = { readonly at: number; readonly name?: string; readonly value: string | undefined };

const clientCount = 3;
const stepsMax = 16;
const versions = [0, 407, 455, 461, 493, 32_767];
const nestingDepths = [60, 70, 5000, 100_000];

const evilValue = fc.oneof(
  { weight: 5, arbitrary: fc.constantFrom(...hostileValues) },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 30 }) },
  { weight: 1, arbitrary: fc.integer({ min: -(2 ** 31), max: 2 ** 31 }).map(String) },
);
const fieldChange: fc.Arbitrary<FieldChange> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ at: fc.nat(15), value: evilValue }) },
  { weight: 2, arbitrary: fc.record({ at: fc.nat(15), value: fc.constant(undefined) }) },
  { weight: 1, arbitrary: fc.record({ at: fc.constant(0), name: fc.constantFrom(...hostileNames), value: evilValue }) },
);
const evilBody: fc.Arbitrary<BodySpec> = fc.oneof(
  fc.constant<BodySpec>({ as: 'none' }),
  fc.constantFrom(...hostileTexts).map<BodySpec>((text) => ({ as: 'text', text })),
  fc.uint8Array({ maxLength: 200 }).map<BodySpec>((bytes) => ({ as: 'hex', hex: Buffer.from(bytes).toString('hex') })),
  fc
    .tuple(fc.constantFrom(...nestings), fc.constantFrom(...nestingDepths))
    .map<BodySpec>(([[open, close], depth]) => ({ as: 'nested', open, depth, close })),
);
const by = fc.constantFrom(1, -1, 4, -4, 1000, -1000, 0x7fff_ffff, -0x8000_0000);
const damage: fc.Arbitrary<FrameDamage> = fc.oneof(
  fc.record({ kind: fc.constantFrom('length' as const, 'headerLength' as const), by }),
  fc.record({ kind: fc.constant('type' as const), type: fc.integer({ min: 2, max: 255 }) }),
  fc.record({ kind: fc.constant('cut' as const), keptPermille: fc.integer({ min: 0, max: 999 }) }),
  fc.record({ kind: fc.constant('flip' as const), atPermille: fc.integer({ min: 0, max: 999 }), bit: fc.nat(7) }),
);

function changed(fields: Readonly<Record<string, string>>, changes: readonly FieldChange[]): Record<string, string> {
  const result: Record<string, string> = { ...fields };
  for (const { at, name, value } of changes) {
    const names = Object.keys(result);
    const chosen = name ?? names[at % Math.max(names.length, 1)];
    if (chosen === undefined) continue;
    if (value === undefined) delete result[chosen];
    // Not an assignment: one of the names is `__proto__`.
    else Object.defineProperty(result, chosen, { value, enumerable: true, configurable: true, writable: true });
  }
  return result;
}

/** What of a request is not as its kind says. Most have nothing. */
const deviation = fc.oneof(
  { weight: 12, arbitrary: fc.constant({ changes: [] as readonly FieldChange[] }) },
  { weight: 3, arbitrary: fc.record({ changes: fc.array(fieldChange, { minLength: 1, maxLength: 3 }) }) },
  { weight: 1, arbitrary: fc.record({ changes: fc.constant([] as readonly FieldChange[]), body: evilBody }) },
  {
    weight: 1,
    arbitrary: fc.record({ changes: fc.constant([] as readonly FieldChange[]), keptPermille: fc.integer({ min: 0, max: 999 }) }),
  },
) as fc.Arbitrary<{ readonly changes: readonly FieldChange[]; readonly body?: BodySpec; readonly keptPermille?: number }>;

function askOf(kind: RequestKind): fc.Arbitrary<Ask> {
  return fc
    .record({
      client: fc.nat(clientCount - 1),
      target: fc.constantFrom(...kind.targets),
      fields: fc.record(kind.fields),
      body: kind.body,
      deviation,
      isOneway: fc.oneof({ weight: 9, arbitrary: fc.constant(false) }, { weight: 1, arbitrary: fc.constant(true) }),
      isBinary: fc.boolean(),
      version: fc.constantFrom(...versions),
      damage: fc.oneof({ weight: 40, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary: damage }),
    })
    .map(({ deviation: deviant, fields, body, damage: harm, ...rest }) => {
      const sent =
        deviant.body ??
        (deviant.keptPermille === undefined ? body : ({ as: 'cut', body, keptPermille: deviant.keptPermille } as const));
      return {
        code: kind.code,
        ...rest,
        fields: changed(fields as Record<string, string>, deviant.changes),
        body: sent,
        ...(harm === undefined ? {} : { damage: harm }),
      };
    });
}

const ask = fc.oneof(...requestKinds.map((kind) => ({ weight: kind.weight, arbitrary: askOf(kind) })));
const asks = (maxLength: number): fc.Arbitrary<Ask[]> => fc.array(ask, { minLength: 0, maxLength });

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ do: fc.constant('ask' as const), asks: fc.array(ask, { minLength: 1, maxLength: 5 }) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('vanish' as const),
      client: fc.nat(clientCount - 1),
      how: fc.constantFrom('end' as const, 'reset' as const),
      asks: asks(3),
    }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('pass' as const), ms: fc.constantFrom(20, 1000, 6000, 12_000) }) },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('restart' as const),
      how: fc.constantFrom('stop' as const, 'kill' as const),
      asks: asks(3),
    }),
  },
);

export interface Sequence {
  /** Of the network, the disk and the broker's own chances. */
  readonly seed: number;
  readonly steps: readonly Step[];
}

export const sequences: fc.Arbitrary<Sequence> = fc.record({
  seed: fc.nat(1_000_000),
  steps: fc.array(step, { minLength: 2, maxLength: stepsMax, size: 'max' }),
});
