import { expect, test } from 'vitest';
import { SequentialReader } from './sequential-reader.js';

const content = Buffer.from(Array.from({ length: 1000 }, (_, at) => at % 251));

async function readAll(from: number, end: number, restOf: (bytes: Buffer) => number) {
  const buffers = new Set<unknown>();
  const reader = new SequentialReader({ pieceBytes: 64, restBytes: 16 });
  const read = async (target: Buffer, position: number): Promise<number> => {
    buffers.add(target.buffer);
    return content.copy(target, 0, position, Math.min(end, position + target.length));
  };
  reader.begin(read, from, end);
  const taken: Buffer[] = [];
  let rest: Buffer = Buffer.alloc(0);
  for (let piece = await reader.next(rest); piece !== undefined; piece = await reader.next(rest)) {
    expect(content.subarray(piece.position, piece.position + piece.bytes.length - piece.newAt)).toEqual(
      piece.bytes.subarray(piece.newAt),
    );
    const kept = restOf(piece.bytes);
    taken.push(Buffer.from(piece.bytes.subarray(0, piece.bytes.length - kept)));
    rest = piece.bytes.subarray(piece.bytes.length - kept);
  }
  return { bytes: Buffer.concat([...taken, rest]), buffers: buffers.size };
}

test.each([0, 1, 15, 16, 17, 40, 64])(
  'what is read is the file, with %i bytes left of each piece, in two buffers',
  async (kept) => {
    for (const [from, end] of [
      [0, 1000],
      [64, 777],
      [0, 63],
      [10, 10],
    ] as const) {
      const { buffers, bytes } = await readAll(from, end, (piece) => Math.min(kept, piece.length));
      expect(bytes.equals(content.subarray(from, end))).toBe(true);
      expect(buffers).toBeLessThanOrEqual(2);
    }
  },
);

test('a failed read is told to who waits for it, and one nobody waits for is not unhandled', async () => {
  const reader = new SequentialReader({ pieceBytes: 64, restBytes: 16 });
  reader.begin(() => Promise.reject(new Error('EIO')), 0, 100);
  await expect(reader.next(Buffer.alloc(0))).rejects.toThrow('EIO');
  reader.begin(() => Promise.reject(new Error('EIO')), 0, 100);
  await reader.cancel();
  expect(await reader.next(Buffer.alloc(0))).toBeUndefined();
});
