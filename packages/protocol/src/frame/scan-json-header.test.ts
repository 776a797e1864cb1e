import { ProtocolError } from '@orbitmq/core/kernel';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { languageName, languageOrdinal } from '../language-code.js';
import { headerDepthMax, JsonScanner } from './json-scanner.js';
import { ReceivedCommand } from './received-command.js';
import { SerializeType } from './remoting-command.js';
import { scanJsonHeader } from './scan-json-header.js';

/** Bytes of a body behind the header: a scanner that runs past the end meets them. */
const behind = Buffer.from('"}:{"a":"\\u00');

function scan(header: string | Uint8Array): ReceivedCommand {
  const bytes = typeof header === 'string' ? Buffer.from(header) : Buffer.from(header);
  const command = new ReceivedCommand(SerializeType.JSON, Buffer.concat([bytes, behind]), bytes.length, bytes.length);
  scanJsonHeader(new JsonScanner(), command, 0, bytes.length);
  return command;
}

function refusal(header: string | Uint8Array): string | undefined {
  try {
    scan(header);
    return undefined;
  } catch (error) {
    expect(error).toBeInstanceOf(ProtocolError);
    return (error as ProtocolError).code;
  }
}

describe('headers of the pages', () => {
  test('a request of the Java client', () => {
    const command = scan(
      '{"code":105,"extFields":{"topic":"TopicT"},"flag":0,"language":"JAVA","opaque":21,"serializeTypeCurrentRPC":"JSON","version":409}',
    );
    expect(command).toMatchObject({ code: 105, flag: 0, language: 0, opaque: 21, version: 409, remark: undefined });
    expect({ ...command.extFields }).toEqual({ topic: 'TopicT' });
    expect(command.body).toBeUndefined();
  });

  test('an answer with a remark', () => {
    const command = scan('{"code":17,"flag":1,"language":"JAVA","opaque":21,"remark":"No topic route info\\n...","version":409}');
    expect(command).toMatchObject({ code: 17, flag: 1, remark: 'No topic route info\n...', extFields: undefined });
  });
});

describe('tolerance, as page 01 §2 has it', () => {
  test('missing members have their defaults', () => {
    expect(scan('{}')).toMatchObject({ code: 0, flag: 0, language: 0, opaque: 0, version: 0, remark: undefined });
    expect(scan('{}').extFields).toBeUndefined();
    expect({ ...scan('{"extFields":{}}').extFields }).toEqual({});
  });

  test('unknown members are passed over, whatever they hold', () => {
    expect(scan('{"x":[1,{"y":["]","}"]}],"code":7,"":null}').code).toBe(7);
  });

  test('numbers and booleans in extFields become their text, no digit lost', () => {
    const command = scan('{"extFields":{"a":9007199254740993,"b":true,"c":1.50,"d":{"x":[1]},"e":null,"f":"\\u0001"}}');
    expect({ ...command.extFields }).toEqual({ a: '9007199254740993', b: 'true', c: '1.50', d: '{"x":[1]}', f: '\u0001' });
  });

  test('a language is a name or an ordinal, an unknown one is OTHER', () => {
    expect(scan('{"language":"GO"}').language).toBe(9);
    expect(scan('{"language":12}').language).toBe(12);
    expect(scan('{"language":"COBOL"}').language).toBe(7);
    expect(scan('{"language":99}').language).toBe(7);
    expect(scan('{"language":"JULA"}').language).toBe(7);
  });

  test('a number may come as text, and with an exponent', () => {
    expect(scan('{"code":"310","opaque":-1,"version":4.09e2}')).toMatchObject({ code: 310, opaque: -1, version: 409 });
  });

  test('names may be escaped, and of repeated ones the last counts', () => {
    expect(scan('{"c\\u006fde":5,"code":6,"extFields":{"a":"1"},"extFields":{"b":"2"}}').code).toBe(6);
    expect({ ...scan('{"extFields":{"a":"1"},"extFields":{"b":"2"}}').extFields }).toEqual({ b: '2' });
  });

  test('a field called __proto__ or constructor is a field', () => {
    for (const other of ['"x"', '1']) {
      const { extFields } = scan(`{"extFields":{"__proto__":"p","constructor":"c","z":${other}}}`);
      expect(Object.keys(extFields ?? {})).toEqual(['__proto__', 'constructor', 'z']);
      expect(Object.getPrototypeOf(extFields)).toBeNull();
    }
    expect(({} as Record<string, unknown>).p).toBeUndefined();
  });
});

describe('refusals', () => {
  test.each([
    '',
    ' ',
    'null',
    '[]',
    '{',
    '{"code":1',
    '{"code":1}}',
    '{"code":1} x',
    '{"code":1,}',
    '{,"code":1}',
    '{"code" 1}',
    "{'code':1}",
    '{code:1}',
    '{"code":01}',
    '{"code":1.}',
    '{"code":.5}',
    '{"code":1.5}',
    '{"code":2147483648}',
    '{"code":true}',
    '{"code":"1x"}',
    '{"code":{}}',
    '{"extFields":[]}',
    '{"extFields":"x"}',
    '{"extFields":{"a":"\u0001"}}',
    '{"extFields":{"a":"\\x"}}',
    '{"extFields":{"a":"\\u12g4"}}',
    '{"extFields":{"a":"',
    '{"extFields":{"a":"\\',
    '{"extFields":{"a":"\\u00',
    '{"remark":"x',
    '{"x":tru}',
    '{"x":-}',
    '{"x":1e}',
    '\ufeff{}',
  ])('%j', (header) => {
    expect(refusal(header)).toBe('HEADER_INVALID');
  });

  test('nesting is bounded', () => {
    const nested = (depth: number): string => `{"x":${'['.repeat(depth)}${']'.repeat(depth)}}`;
    expect(refusal(nested(headerDepthMax))).toBeUndefined();
    expect(refusal(nested(headerDepthMax + 1))).toBe('HEADER_INVALID');
    expect(refusal('{"x":'.repeat(100_000))).toBe('HEADER_INVALID');
  });

  test('a header cut at any byte', () => {
    const header = '{"code":10,"extFields":{"a":"b\\u0001","c":1},"language":"JAVA","remark":"\\n","x":[null,-1.5e3]}';
    for (let length = 0; length < header.length; length++) expect(refusal(header.slice(0, length))).toBe('HEADER_INVALID');
    expect(refusal(header)).toBeUndefined();
  });
});

/** What the header means by `JSON.parse`; undefined when it is not one. */
function reference(text: string): Record<string, unknown> | undefined {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    return undefined;
  }
  if (typeof parsed !== 'object' || parsed === null || Array.isArray(parsed)) return undefined;
  const header = parsed as Record<string, unknown>;
  const meaning: Record<string, unknown> = {};
  for (const name of ['code', 'flag', 'opaque', 'version']) {
    let value = header[name] ?? 0;
    if (typeof value === 'string' && /^-?\d{1,10}$/.test(value)) value = Number(value);
    if (typeof value !== 'number' || (value | 0) !== value) return undefined;
    meaning[name] = value | 0;
  }
  const { language, remark, extFields } = header;
  meaning.language = 0;
  if (typeof language === 'string') meaning.language = languageOrdinal(language);
  if (typeof language === 'number') meaning.language = languageOrdinal(languageName(language));
  meaning.remark = typeof remark === 'string' ? remark : undefined;
  meaning.extFields = undefined;
  if (extFields !== undefined && extFields !== null) {
    if (typeof extFields !== 'object' || Array.isArray(extFields)) return undefined;
    // Object.entries and fromEntries keep an own __proto__.
    meaning.extFields = Object.fromEntries(Object.entries(extFields as object).filter(([, value]) => value !== null));
  }
  return meaning;
}

/** Fields as text against the values of `JSON.parse`: text is itself, anything else is the JSON of the value. */
function expectFields(actual: Readonly<Record<string, string>>, expected: Readonly<Record<string, unknown>>): void {
  expect(Object.keys(actual).toSorted()).toEqual(Object.keys(expected).toSorted());
  for (const [name, value] of Object.entries(expected)) {
    const text = actual[name] ?? '';
    expect(typeof value === 'string' ? text : JSON.parse(text)).toEqual(value);
  }
}

function expectSame(bytes: Buffer): void {
  const expected = reference(bytes.toString('utf8'));
  if (expected === undefined) {
    expect(refusal(bytes)).toBe('HEADER_INVALID');
    return;
  }
  const command = scan(bytes);
  const { extFields, ...others } = expected;
  expect(command).toMatchObject(others);
  expect(command.extFields === undefined).toBe(extFields === undefined);
  if (command.extFields !== undefined) expectFields(command.extFields, extFields as Record<string, unknown>);
}

/** JSON text with white space and escapes that `JSON.stringify` would not write. */
function embellish(value: unknown, pick: (max: number) => number): string {
  const space = (): string => ['', '', '', ' ', '\n', '\t\r '][pick(6)] ?? '';
  const escape = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  // An escape that lands inside another one makes text that both readers refuse, or read alike.
  const quote = (text: string): string => JSON.stringify(text).replace(/\w/g, (unit) => (pick(8) === 0 ? escape(unit) : unit));
  if (typeof value === 'string') return quote(value);
  if (Array.isArray(value)) return `[${value.map((item) => space() + embellish(item, pick) + space()).join(',')}]`;
  if (typeof value === 'object' && value !== null) {
    const members = Object.entries(value).map(
      ([name, member]) => `${space()}${JSON.stringify(name)}${space()}:${space()}${embellish(member, pick)}${space()}`,
    );
    return `{${members.join(',')}}`;
  }
  return JSON.stringify(value);
}

const anyInt32 = fc.oneof(fc.integer(), fc.constantFrom(0, 10, 310, -1, 2147483647, '17', null), fc.jsonValue());
const anyText = fc.string({ unit: 'binary', maxLength: 12 });
const anyHeader = fc.record(
  {
    code: anyInt32,
    extFields: fc.oneof(
      {
        weight: 4,
        arbitrary: fc.dictionary(fc.oneof(anyText, fc.constantFrom('a', '__proto__')), fc.oneof(anyText, fc.jsonValue()), {
          maxKeys: 6,
        }),
      },
      { weight: 1, arbitrary: fc.jsonValue() },
    ),
    flag: anyInt32,
    language: fc.oneof(fc.constantFrom('JAVA', 'GO', 'X', 3), fc.jsonValue()),
    opaque: anyInt32,
    remark: fc.oneof(anyText, fc.jsonValue()),
    version: anyInt32,
    unknown: fc.jsonValue(),
  },
  { requiredKeys: [] },
);

describe('agreement with JSON.parse', () => {
  test('on valid headers in any dress', () => {
    fc.assert(
      fc.property(anyHeader, fc.infiniteStream(fc.nat()), (header, dice) => {
        const pick = (max: number): number => (dice.next().value as number) % max;
        expectSame(Buffer.from(embellish(header, pick)));
      }),
      { numRuns: 250 },
    );
  });

  test('on headers with some bytes changed', () => {
    const change = fc.record({
      at: fc.nat(),
      byte: fc.oneof(fc.constantFrom(...Buffer.from('{}[]":,\\u0 1-.e')), fc.nat(255)),
      kind: fc.nat(2),
    });
    fc.assert(
      fc.property(anyHeader, fc.array(change, { minLength: 1, maxLength: 3 }), (header, changes) => {
        let bytes = Buffer.from(JSON.stringify(header));
        for (const { at, byte, kind } of changes) {
          const place = at % (bytes.length + 1);
          const skipped = kind === 0 ? 0 : 1;
          const inserted = kind === 1 ? [] : [byte];
          bytes = Buffer.concat([bytes.subarray(0, place), Buffer.from(inserted), bytes.subarray(place + skipped)]);
        }
        expectSame(bytes);
      }),
      { numRuns: 600 },
    );
  });
});
