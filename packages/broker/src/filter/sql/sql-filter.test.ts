import { encodeProperties, encodeRecord, recordSizeBytes } from '@orbitmq/protocol';
import { describe, expect, it, vi } from 'vitest';
import { compileSqlFilter, SqlFilter } from './sql-filter.js';
import { sqlLimits } from './sql-limits.js';
import { Verdict } from './verdict.js';

const properties = (entries: Readonly<Record<string, string>>): Buffer => Buffer.from(encodeProperties(entries));
const verdict = (expression: string, entries: Readonly<Record<string, string>> = {}): Verdict =>
  new SqlFilter(expression).verdict(properties(entries));

function recordWith(entries: Readonly<Record<string, string>>): Buffer {
  const host = Buffer.from([127, 0, 0, 1, 0, 0, 0x2a, 0x9f]);
  const parts = {
    queueId: 0,
    flag: 0,
    sysFlag: 0,
    bornTimestamp: 1,
    bornHost: host,
    storeHost: host,
    reconsumeTimes: 0,
    preparedTransactionOffset: 0,
    topicBytes: Buffer.from('T'),
    // What looks like a property in the body is none.
    body: Buffer.from(encodeProperties({ region: 'us', amount: '1' })),
    properties: properties(entries),
  };
  const record = Buffer.alloc(recordSizeBytes(parts));
  encodeRecord(record, 0, parts, { queueOffset: 0, physicalOffset: 0, storeTimestamp: 2 });
  return record;
}

describe('a filter', () => {
  const filter = new SqlFilter("region = 'eu' AND amount BETWEEN 10 AND 100");

  it.each([
    [{ region: 'eu', amount: '10' }, true],
    [{ amount: '100', TAGS: 'x', region: 'eu' }, true],
    [{ region: 'eu', amount: '101' }, false],
    [{ region: 'us', amount: '50' }, false],
    [{ region: 'eu' }, false],
    [{ region: 'eu', amount: 'many' }, false],
    [{}, false],
  ])('of records: %j %s', (entries, expected) => {
    expect(filter.matches(recordWith(entries))).toBe(expected);
  });

  it('lets a damaged record through, for its reader to see', () => {
    const record = recordWith({});
    record.writeInt32BE(7, 4);
    expect(filter.matches(record)).toBe(true);
  });

  it('says what a look cost', () => {
    filter.matches(recordWith({ region: 'eu' }));
    const short = filter.lastCost;
    filter.matches(recordWith({ region: 'eu', long: 'x'.repeat(1000) }));
    expect(filter.lastCost - short).toBe(1006);
    const searching = new SqlFilter("a CONTAINS 'b' OR c CONTAINS 'd'");
    searching.matches(recordWith({ long: 'x'.repeat(1000) }));
    expect(searching.lastCost).toBeGreaterThan(3000);
  });

  it.each([
    ['a text as a number', 'a BETWEEN z AND 5', 1, 8],
    ['one with digits of another script', 'a BETWEEN z AND 5', 1, 8, '\u0660'],
    ['a text among others', "a IN ('q')", 1, 8],
    ['a text and a condition', 'a = (1 = 1)', 1, 8],
    ['two texts as numbers', 'a < b', 2, 16],
    ['two texts, which are compared each time', 'NOT (a = b)', 0, 100],
    ['whether it is there', 'a IS NULL', 0, 0],
  ])(
    'reads a long value once however often it is named, and counts it: %s',
    (_name, part, readCount, costPerByte, digit = '0') => {
      const value = digit.repeat(8000);
      const short = recordWith({ a: 'no', b: '1' });
      const long = recordWith({ a: value, b: value });
      const reads = vi.spyOn(long, 'toString');
      const repeated = new SqlFilter(Array.from({ length: 100 }, () => part).join(' OR '));
      repeated.matches(short);
      const shortCost = repeated.lastCost + long.length - short.length;
      repeated.matches(long);
      expect(reads).toHaveBeenCalledTimes(readCount);
      const expected = costPerByte * Buffer.byteLength(value);
      expect(repeated.lastCost - shortCost).toBeGreaterThanOrEqual(expected - 100);
      expect(repeated.lastCost - shortCost).toBeLessThanOrEqual(expected);
    },
  );
});

describe('an expression is refused beyond its limits, and taken at them', () => {
  const nested = (depth: number): string => `${'('.repeat(depth)}a = 1${')'.repeat(depth)}`;
  const chain = (comparisons: number): string => Array.from({ length: comparisons }, (_, index) => `a = ${index}`).join(' OR ');
  const equations = (count: number): string => `a = 1${' = TRUE'.repeat(count)}`;
  const list = (count: number): string => `a IN (${Array.from({ length: count }, (_, index) => `'${index}'`).join(',')})`;
  const searches = (count: number): string => Array.from({ length: count }, () => "a CONTAINS 'x'").join(' OR ');
  const long = (length: number): string => `a = '${'x'.repeat(length - 6)}'`;

  it.each([
    ['nestingMax: parentheses', nested(sqlLimits.nestingMax), nested(sqlLimits.nestingMax + 1)],
    ['nestingMax: signs', `${'- '.repeat(sqlLimits.nestingMax - 2)}5 = a`, `${'- '.repeat(sqlLimits.nestingMax)}5 = a`],
    ['nestingMax: NOT', `${'NOT '.repeat(sqlLimits.nestingMax - 1)}a`, `${'NOT '.repeat(sqlLimits.nestingMax + 1)}a`],
    ['nestingMax: chained equations', equations(sqlLimits.nestingMax - 2), equations(sqlLimits.nestingMax - 1)],
    ['nodesMax', chain(682), chain(683)],
    ['inListMax', list(sqlLimits.inListMax), list(sqlLimits.inListMax + 1)],
    ['searchesMax', searches(sqlLimits.searchesMax), searches(sqlLimits.searchesMax + 1)],
    ['expressionCharsMax', long(sqlLimits.expressionCharsMax), long(sqlLimits.expressionCharsMax + 1)],
  ])('%s', (name, atLimit, beyond) => {
    expect(compileSqlFilter(atLimit)).toMatchObject({ filter: expect.any(SqlFilter) });
    expect(compileSqlFilter(beyond)).toMatchObject({ filter: undefined, isTooLarge: true });
    expect(() => new SqlFilter(beyond)).toThrow(
      expect.objectContaining({ code: 'EXPRESSION_INVALID', details: { limit: name.split(':')[0] } }),
    );
  });

  it('a wrong expression is no too large one, and the problem says where', () => {
    expect(compileSqlFilter('a = 1 #')).toEqual({
      filter: undefined,
      problem: 'the SQL92 expression is wrong: character 7 begins nothing',
      isTooLarge: false,
    });
  });

  it.each([
    ['(', '('.repeat(100_000)],
    ['-', '-'.repeat(30_000)],
    ['--', '--\n'.repeat(10_000)],
    ["'", "'".repeat(30_001)],
    ['/*', '/*'.repeat(15_000)],
    ['not', 'NOT '.repeat(8000)],
    ['=', `a ${'= a '.repeat(8000)}`],
    ['between', `a ${'BETWEEN a AND a '.repeat(2000)}`],
    ['-(… between …) between', `${'-('.repeat(200)}a${' BETWEEN 1 AND 2) BETWEEN 1 AND 2'.repeat(200)}`],
    ['digits', '9'.repeat(32_000)],
  ])('no overflow and no exponential work: %s', (_name, expression) => {
    const { filter } = compileSqlFilter(expression);
    expect(filter?.verdict(properties({ a: '1' }))).not.toBe(Verdict.TRUE);
  });
});

describe('values', () => {
  it.each([
    ['0x1p4', 16],
    ['-0X1.8P1', -3],
    ['0x.8p4f', 8],
    ['0x1.fffffffffffffp1023', Number.MAX_VALUE],
    ['0x1p1024', Infinity],
    ['0x1p-1074', Number.MIN_VALUE],
    [`0x${'0'.repeat(100)}1${'0'.repeat(100)}p-400`, 1],
    ['0x10000000000000800000000000000000000000001p-108', 2 ** 52 + 1],
    ['0x0p99999999999', 0],
  ])('the double %s is %d', (text, value) => {
    // Between what is just below and just above, or the value itself.
    expect(verdict('a <= b AND a >= b', { a: text, b: String(value) })).toBe(Verdict.TRUE);
  });

  it('a name that is a member of every object is a property like others', () => {
    expect(verdict('constructor IS NULL AND __proto__ IS NULL AND toString IS NULL')).toBe(Verdict.TRUE);
    expect(verdict("constructor = 'x'", { constructor: 'x' })).toBe(Verdict.TRUE);
  });

  it('of a repeated property the last counts, and one without a value is none', () => {
    const text = (raw: string): Buffer => Buffer.from(raw.replaceAll('=', '\u0001').replaceAll(';', '\u0002'));
    const equalsTwo = new SqlFilter('a = 2');
    expect(equalsTwo.verdict(text('a=1;b=2;a=2'))).toBe(Verdict.TRUE);
    expect(equalsTwo.verdict(text('a=2;a=1;'))).toBe(Verdict.FALSE);
    expect(equalsTwo.verdict(text('a=2;a=;'))).toBe(Verdict.TRUE);
    expect(equalsTwo.verdict(text('a=;'))).toBe(Verdict.NULL);
    expect(equalsTwo.verdict(text('a'))).toBe(Verdict.NULL);
    expect(equalsTwo.verdict(text('xa=2;ax=2;=2;;'))).toBe(Verdict.NULL);
    expect(new SqlFilter("a = 'x\u0001y'").verdict(text('a=x=y'))).toBe(Verdict.TRUE);
  });

  it('a search does not reach into the next property', () => {
    expect(verdict("a CONTAINS 'xy'", { a: 'x', b: 'y' })).toBe(Verdict.FALSE);
    expect(verdict("a CONTAINS 'b'", { a: 'x', b: 'b' })).toBe(Verdict.FALSE);
    expect(verdict("a ENDSWITH 'x'", { a: 'x', b: 'bx' })).toBe(Verdict.TRUE);
    expect(verdict("b STARTSWITH 'x'", { a: 'x', b: 'bx' })).toBe(Verdict.FALSE);
  });
});
