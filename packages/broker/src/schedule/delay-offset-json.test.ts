import { parseFastjson } from '@orbitmq/protocol';
import { describe, expect, it } from 'vitest';
import { decodeDelayOffsets, encodeDelayOffsets } from './delay-offset-json.js';

describe('delayOffset.json', () => {
  it('reads what 4.9 and 5.x write, with unquoted levels', () => {
    const old = decodeDelayOffsets(parseFastjson('{\n\t"offsetTable":{1:1,2:7\n\t}\n}'));
    expect([...old.offsets]).toEqual([
      [1, 1],
      [2, 7],
    ]);
    expect(old.dataVersion).toBeUndefined();
    const newer = decodeDelayOffsets(
      parseFastjson('{"dataVersion":{"counter":3,"stateVersion":0,"timestamp":5},"offsetTable":{3:12}}'),
    );
    expect(newer.dataVersion?.counter).toBe(3);
    expect([...newer.offsets]).toEqual([[3, 12]]);
  });

  it('reads what it writes', () => {
    const dataVersion = { counter: 1, stateVersion: 0, timestamp: 9 };
    const offsets = new Map([
      [1, 5],
      [18, 3],
    ]);
    const read = decodeDelayOffsets(parseFastjson(encodeDelayOffsets(dataVersion, offsets)));
    expect(read).toEqual({ dataVersion, offsets });
  });

  it.each(['[]', '{"offsetTable":[]}', '{"offsetTable":{"one":1}}', '{"offsetTable":{"1":"x"}}'])('refuses %s', (text) => {
    expect(() => decodeDelayOffsets(parseFastjson(text))).toThrow();
  });
});
