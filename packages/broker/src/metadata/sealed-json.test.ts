import { inOneTurn, parseFastjson } from '@orbitmq/protocol';
import { expect, test } from 'vitest';
import { sealJson, sealJsonSteps, sealOf } from './sealed-json.js';

const texts = [
  '{}',
  '{\n}',
  '{"n":1}',
  '{\n\t"offsetTable":{\n\t\t"grün@g":{"0":12345}\n\t}\n}',
  `{"text":"${'x'.repeat(300)}"}`,
];

test.each(texts)('%j keeps its members and gets one more', (json) => {
  const sealed = sealJson(json);
  expect(sealOf(sealed)).toBe('intact');
  const { orbitmqCrc32, ...rest } = JSON.parse(sealed.toString('utf8'));
  expect(orbitmqCrc32).toMatch(/^[0-9a-f]{8}$/);
  expect(rest).toEqual(JSON.parse(json));
});

test.each(texts)('every flipped bit of %j leaves the content as it was, or is found', (json) => {
  const sealed = sealJson(json);
  const expected = JSON.parse(json);
  for (let bit = 0; bit < sealed.length * 8; bit += 1) {
    const damaged = Buffer.from(sealed);
    damaged.writeUInt8(damaged.readUInt8(bit >> 3) ^ (1 << (bit & 7)), bit >> 3);
    if (sealOf(damaged) === 'damaged') continue;
    let value: unknown;
    try {
      value = parseFastjson(damaged.toString('utf8'));
    } catch {
      continue;
    }
    expect(value, `bit ${bit}`).toMatchObject(expected);
  }
});

test.each(texts)('%j may end in white space, as an editor leaves it', (json) => {
  for (const end of ['\n', '\r\n', ' \t\n\n']) {
    expect(sealOf(Buffer.concat([sealJson(json), Buffer.from(end)]))).toBe('intact');
    expect(sealJson(json + end)).toEqual(sealJson(json));
  }
});

test.each(texts)('%j cut off anywhere is found', (json) => {
  const sealed = sealJson(json);
  for (let length = 1; length < sealed.length; length += 1) {
    const cut = sealed.subarray(0, length);
    if (sealOf(cut) !== 'damaged') expect(() => parseFastjson(cut.toString('utf8')), `${length} bytes`).toThrow();
  }
});

test.each(['', '{', '{}', '{\n\t"topicConfigTable":{}\n}', '{"orbitmqCrc32":"1234"}', '{"orbitmqCrc32":"XXXXXXXX","n":1}'])(
  '%j has no checksum',
  (text) => expect(sealOf(Buffer.from(text))).toBe('none'),
);

test.each([
  ['{', '"n":1', '\n}'],
  ['{"n":', '1}'],
  ['{', `"text":"${'grün'.repeat(1_000_000)}"`, ',"n":1', '}'],
])('pieces of a text get the seal of the whole: %#', (...pieces) => {
  const sealed = inOneTurn(sealJsonSteps(pieces.map((piece) => Buffer.from(piece))));
  expect(sealed.equals(sealJson(pieces.join('')))).toBe(true);
});
