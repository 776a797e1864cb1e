import { decodeOffsetMessageId, encodeHost, encodeOffsetMessageId } from '@orbitmq/protocol';
import { expect, it } from 'vitest';
import { OffsetMessageIds } from './offset-message-ids.js';

it.each([0, 1, 255, 256, 11_593, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 7, 1_073_741_824 * 1000 + 5, 2 ** 53 - 1])(
  'the id of offset %i is what the codec of the protocol makes and clients decode',
  (offset) => {
    for (const address of ['127.0.0.1:10911', '[2001:db8::1]:10911']) {
      const host = encodeHost(address);
      const ids = new OffsetMessageIds(host);
      expect(ids.idOf(offset)).toBe(encodeOffsetMessageId(host, offset));
      expect(decodeOffsetMessageId(ids.idOf(offset)).physicalOffset).toBe(offset);
    }
  },
);

it('follows offsets over 4 GiB and back', () => {
  const host = encodeHost('127.0.0.1:10911');
  const ids = new OffsetMessageIds(host);
  for (const offset of [5, 2 ** 33, 6, 2 ** 33 + 1]) expect(ids.idOf(offset)).toBe(encodeOffsetMessageId(host, offset));
});
