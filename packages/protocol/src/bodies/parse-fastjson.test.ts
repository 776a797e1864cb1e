import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  fastjsonDepthMax,
  fastjsonEscapesMax,
  fastjsonExpansionMax,
  fastjsonValuesMax,
  type JsonValue,
  parseFastjson,
  parseFastjsonSteps,
} from './parse-fastjson.js';

/** With prototypes, so that results compare with literals. */
function plain(value: JsonValue): unknown {
  return JSON.parse(JSON.stringify(value));
}

function refusal(text: string): string {
  try {
    parseFastjson(text);
  } catch (error) {
    expect(error).toMatchObject({ name: 'ProtocolError' });
    return (error as { code: string }).code;
  }
  return 'none';
}

describe('what fastjson writes, page 01 §9', () => {
  test.each([
    ['{0:"10.0.0.1:10911",1:"x"}', { '0': '10.0.0.1:10911', '1': 'x' }],
    ['{-1:2}', { '-1': 2 }],
    ['{"offsetTable":{{"brokerName":"b","queueId":0,"topic":"T"}:5}}', { offsetTable: { 'T@b@0': 5 } }],
    [
      '{"offsetTable":{{"brokerName":"broker-a","queueId":0,"topic":"TopicR"}:{"lastUpdateTimestamp":1795217664622,"maxOffset":1,"minOffset":0}}}',
      { offsetTable: { 'TopicR@broker-a@0': { lastUpdateTimestamp: 1795217664622, maxOffset: 1, minOffset: 0 } } },
    ],
    ['{"offsetTable":{"TopicT@CG_A":{0:2,1:7}}}', { offsetTable: { 'TopicT@CG_A': { '0': 2, '1': 7 } } }],
    ['{{"a":1}:2,[1]:3}', { '{"a":1}': 2, '[1]': 3 }],
    ["{'single':'it''s'}".replace("''", "\\'"), { single: "it's" }],
    ['{bare:true,$x_1:null}', { bare: true, $x_1: null }],
    ['{"a":"\\v\\u0001\\uD83D\\uDE00"}', { a: '\v\u0001\ud83d\ude00' }],
    ['{"a":"line\nbreak"}', { a: 'line\nbreak' }],
    ['"text"', 'text'],
  ])('%s', (text, expected) => {
    expect(plain(parseFastjson(text))).toEqual(expected);
  });

  test('a reference is what it refers to', () => {
    const text =
      '{"consumerTable":{"cid":{"x":[1,{"y":2}]}},"same":{"$ref":"$.consumerTable.cid"},"deep":{"$ref":"$.consumerTable.cid.x[1]"}}';
    expect(plain(parseFastjson(text))).toMatchObject({ same: { x: [1, { y: 2 }] }, deep: { y: 2 } });
  });

  test('a reference to nothing, to a part not read yet, or around a circle is null', () => {
    const text = '{"a":{"$ref":"$.b"},"b":{"c":{"$ref":"$"},"d":{"$ref":".."},"e":{"$ref":"$.b"}},"f":{"$ref":"$.__proto__"}}';
    expect(plain(parseFastjson(text))).toEqual({ a: null, b: { c: null, d: null, e: null }, f: null });
  });

  test('a member called __proto__ is a member', () => {
    const parsed = parseFastjson('{"__proto__":{"x":1},"constructor":2}') as Record<string, unknown>;
    expect(Object.keys(parsed)).toEqual(['__proto__', 'constructor']);
    expect(({} as Record<string, unknown>).x).toBeUndefined();
  });
});

test('plain JSON reads as JSON.parse reads it', () => {
  const anyJson = fc.jsonValue({ maxDepth: 5 });
  fc.assert(
    fc.property(anyJson, fc.constantFrom(undefined, 1), (value, indent) => {
      const text = JSON.stringify(value, undefined, indent);
      expect(JSON.stringify(parseFastjson(text))).toBe(JSON.stringify(JSON.parse(text)));
    }),
    { numRuns: 300 },
  );
});

describe('refusals', () => {
  test.each([
    '',
    ' ',
    '{',
    '[',
    '{"a"}',
    '{"a":}',
    '{"a":1,}',
    '[1,]',
    '[1 2]',
    '{"a":1 "b":2}',
    '"x',
    '"\\q"',
    '"\\u12"',
    'tru',
    'NaN',
    '-',
    '01',
    '1 2',
    '{:1}',
    '\ufeff{}',
  ])('%j', (text) => {
    expect(refusal(text)).toBe('BODY_INVALID');
  });

  test('nesting is bounded, in values and in keys', () => {
    const nested = (depth: number): string => '['.repeat(depth) + ']'.repeat(depth);
    expect(refusal(nested(fastjsonDepthMax))).toBe('none');
    expect(refusal(nested(fastjsonDepthMax + 1))).toBe('BODY_INVALID');
    for (const opening of ['[', '{', '{"a":', '[{']) expect(refusal(opening.repeat(1_000_000))).toBe('BODY_INVALID');
  });

  test('an object key holds no other object key', () => {
    expect(refusal('{{"a":{"b":1}}:1,{"c":[{}]}:2}')).toBe('none');
    expect(refusal('{{{"a":1}:1}:1}')).toBe('BODY_INVALID');
    expect(refusal(`${'{'.repeat(60)}"a":1${'}:1'.repeat(59)}}`)).toBe('BODY_INVALID');
  });

  test('the number of values is bounded', () => {
    expect(refusal(`[${'0,'.repeat(fastjsonValuesMax)}0]`)).toBe('BODY_INVALID');
  });

  test('any text: a value or the one error', () => {
    const anyText = fc.oneof(
      fc.string({ unit: fc.constantFrom(...'{}[]":,\\u01a-.etrunl$\''.split('')) }),
      fc.tuple(fc.jsonValue(), fc.nat(), fc.constantFrom(...'{}[]":,\\'.split(''))).map(([value, at, unit]) => {
        const text = JSON.stringify(value);
        const place = at % (text.length + 1);
        return text.slice(0, place) + unit + text.slice(place);
      }),
    );
    fc.assert(
      fc.property(anyText, (text) => {
        expect(['none', 'BODY_INVALID']).toContain(refusal(text));
      }),
      { numRuns: 1000 },
    );
  });
});

test('a text of back references is refused before it costs time', () => {
  const text = (count: number): string =>
    `{"a":{"b":1},"l":[${Array.from({ length: count }, () => '{"$ref":"$.a"}').join(',')}]}`;
  expect(refusal(text(10_000))).toBe('none');
  expect(refusal(text(10_001))).toBe('BODY_INVALID');
});

test('what references stand for is bounded, through references to references', () => {
  const doubling = (levels: number): string => {
    const members = Array.from({ length: levels }, (_, n) => `"a${n + 1}":[{"$ref":"$.a${n}"},{"$ref":"$.a${n}"}]`);
    return `{"a0":["x"],${members.join(',')}}`;
  };
  expect(refusal(doubling(10))).toBe('none');
  expect(refusal(doubling(23))).toBe('BODY_INVALID');
  const half = 'x'.repeat(fastjsonExpansionMax / 2);
  const repeated = (count: number): string => `{"a":"${half}","l":[${Array(count).fill('{"$ref":"$.a"}').join(',')}]}`;
  expect(refusal(repeated(2))).toBe('none');
  expect(refusal(repeated(3))).toBe('BODY_INVALID');
});

test('a key holds no reference', () => {
  expect(refusal('{"a":[1],"m":{[{"$ref":"$.a"}]:1}}')).toBe('BODY_INVALID');
});

test('without references, $ref is a member', () => {
  const text = '{"a":{"$ref":"x"},"b":{"$ref":"$.a"}}';
  expect(plain(parseFastjson(text, { resolvesReferences: false }))).toEqual({ a: { $ref: 'x' }, b: { $ref: '$.a' } });
});

test('as many escapes in a string as allowed, and not one more', () => {
  const most = '\\n'.repeat(fastjsonEscapesMax);
  expect(refusal(`["${most}","${most}"]`)).toBe('none');
  expect(refusal(`"${most}\\n"`)).toBe('BODY_INVALID');
});

test('a large text is read in many steps, and its fault found in the last', () => {
  const text = `{"a":[${'{"x":1},'.repeat(20_000)}0]`;
  const stepsOf = (whole: string) => {
    const steps = parseFastjsonSteps(whole);
    let count = 0;
    for (;;) {
      count += 1;
      const { done } = steps.next();
      if (done === true) return count;
    }
  };
  expect(stepsOf(`${text}}`)).toBeGreaterThan(5);
  expect(() => stepsOf(text)).toThrow(expect.objectContaining({ code: 'BODY_INVALID' }));
  expect(stepsOf('{"a":1}')).toBe(1);
});
