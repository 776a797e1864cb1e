import { createFrameWriter, createRequest, RequestCode, type SerializeType as Serialize, SerializeType } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import type { GetMessageResult } from '../../store/message-store.js';
import { PullAnswer } from './pull-answer.js';

function answer(serializeType: Serialize, slice: Buffer) {
  let backCount = 0;
  const result: GetMessageResult = {
    status: 'FOUND',
    nextBeginOffset: 1,
    minOffset: 0,
    maxOffset: 1,
    slices: [slice],
    messageCount: 1,
    sizeBytes: slice.length,
    loan: { giveBack: () => void (backCount += 1) },
  };
  const request = { ...createRequest(RequestCode.PULL_MESSAGE, {}), serializeType };
  const writer = createFrameWriter();
  new PullAnswer(request, 0, result).writeFrame(writer);
  const atOnce = backCount;
  writer.take();
  writer.recycle();
  return { atOnce, inTheEnd: backCount };
}

test('memory that goes out by reference comes back when the network has copied it', () => {
  expect(answer(SerializeType.JSON, Buffer.alloc(4096))).toEqual({ atOnce: 0, inTheEnd: 1 });
});

test.each([
  ['a small record', SerializeType.JSON, 100],
  ['a binary header', SerializeType.ROCKETMQ, 4096],
] as const)('memory that was copied into the frame is not borrowed at all: %s', (_why, serializeType, sizeBytes) => {
  expect(answer(serializeType, Buffer.alloc(sizeBytes))).toEqual({ atOnce: 1, inTheEnd: 1 });
});
