import { encodeProperties, tagsCode } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { tagHash } from './tag-hash.js';

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll('=', '\u0001').replaceAll(';', '\u0002'));

describe('tagHash', () => {
  it.each([
    ['first', 'TAGS=TagA;KEYS=k', 2_598_919],
    ['last, with the separator', 'KEYS=k;TAGS=TagA;', 2_598_919],
    ['last, without the separator', 'KEYS=k;TAGS=TagA', 2_598_919],
    ['alone', 'TAGS=TagA', 2_598_919],
    ['not ASCII', 'TAGS=订单;CLUSTER=c;', 1_129_459],
    ['of 127 characters, wrapped to 32 bits', `TAGS=${'z'.repeat(127)}`, tagsCode('z'.repeat(127))],
    ['twice: the last one wins, as in a map', 'TAGS=TagB;TAGS=TagA;', 2_598_919],
    ['empty: none', 'TAGS=;KEYS=k', 0],
    ['a longer name', 'TAGS2=TagA;XTAGS=TagA', 0],
    ['in a value', 'KEYS=TAGS=TagA', 0],
    ['without a value', 'TAGS', 0],
    ['no properties', '', 0],
    ['only separators', ';;;', 0],
  ])('%s', (_name, text, expected) => {
    expect(tagHash(bytes(text))).toBe(expected);
  });

  it('agrees with the hash of the decoded property', () => {
    for (const tag of ['a', 'placed', 'ä', '😀', 'x'.repeat(300)]) {
      expect(tagHash(Buffer.from(encodeProperties({ A: 'b', TAGS: tag, Z: 'y' })))).toBe(tagsCode(tag));
    }
  });
});
