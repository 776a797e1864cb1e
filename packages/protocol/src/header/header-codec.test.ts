import { ProtocolError } from '@orbitmq/core/kernel';
import { describe, expect, test } from 'vitest';
import {
  bool,
  defineHeader,
  int32,
  int64,
  optionalBool,
  optionalInt32,
  optionalInt64,
  optionalText,
  rounded64,
  text,
} from './header-codec.js';

const codec = defineHeader({
  name: text(),
  short: text('s'),
  count: int32(),
  offset: int64(),
  version: rounded64(),
  flag: bool(),
  maybeName: optionalText(),
  maybeCount: optionalInt32(),
  maybeOffset: optionalInt64(),
  maybeFlag: optionalBool(),
});
const fields = { name: 'n', s: 'x', count: '-5', offset: '9007199254740991', version: '1795216928231123457', flag: 'TRUE' };

test('reads and writes its fields', () => {
  const header = codec.decode(fields);
  expect(header).toEqual({
    name: 'n',
    short: 'x',
    count: -5,
    offset: Number.MAX_SAFE_INTEGER,
    version: Number('1795216928231123457'),
    flag: true,
    maybeName: undefined,
    maybeCount: undefined,
    maybeOffset: undefined,
    maybeFlag: undefined,
  });
  const full = { ...header, version: 7, flag: false, maybeName: '', maybeCount: 0, maybeOffset: -1, maybeFlag: true };
  expect(codec.decode(codec.encode(full))).toEqual(full);
  expect(codec.encode(full)).toMatchObject({ s: 'x', flag: 'false', maybeName: '', maybeOffset: '-1' });
});

test('the largest long means no limit', () => {
  expect(codec.decode({ ...fields, offset: '9223372036854775807' }).offset).toBe(Number.MAX_SAFE_INTEGER);
});

describe('what is wrong is named', () => {
  test.each(Object.keys(fields))('%s is missing', (name) => {
    const { [name]: _left, ...others } = fields as Record<string, string>;
    expect(() => codec.decode(others)).toThrow(ProtocolError);
    expect(() => codec.decode(others)).toThrow(`"${name}"`);
    expect(() => codec.decode(undefined)).toThrow(ProtocolError);
  });

  test.each([
    ['count', '2147483648'],
    ['count', '1.0'],
    ['count', ''],
    ['count', '1e3'],
    ['count', '1'.repeat(1000)],
    ['offset', '9007199254740992'],
    ['offset', ' 1'],
    ['offset', '0x10'],
    ['version', '9'.repeat(20)],
    ['maybeCount', 'x'],
    ['maybeOffset', 'null'],
  ])('%s = %s', (name, value) => {
    expect(() => codec.decode({ ...fields, [name]: value })).toThrow(
      expect.objectContaining({ code: 'HEADER_INVALID', details: { field: name } }),
    );
  });

  test('inherited names are not fields', () => {
    const inherits = defineHeader({ toString: text() });
    expect(() => inherits.decode({})).toThrow(ProtocolError);
  });
});
