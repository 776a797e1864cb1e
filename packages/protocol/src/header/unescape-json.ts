/** Meaning of the letter behind a backslash; 0: none of the short escapes. */
const shortEscapes = new Uint8Array(128);
for (const pair of ['""', '\\\\', '//', 'b\b', 'f\f', 'n\n', 'r\r', 't\t']) {
  shortEscapes[pair.charCodeAt(0)] = pair.charCodeAt(1);
}

function hexValue(digit: number): number {
  return digit <= 0x39 ? digit - 0x30 : (digit | 0x20) - 0x57;
}

function codeUnit(bytes: Buffer, at: number): number {
  return (
    (hexValue(bytes[at] as number) << 12) |
    (hexValue(bytes[at + 1] as number) << 8) |
    (hexValue(bytes[at + 2] as number) << 4) |
    hexValue(bytes[at + 3] as number)
  );
}

const replacementCharacter = 0xfffd;

/**
 * The bytes of a JSON string token (without quotes, already checked by a scanner) as UTF-8 with its escapes resolved. Half a
 * surrogate pair becomes U+FFFD, as when text is encoded.
 */
export function unescapeJson(bytes: Buffer, start: number, end: number): Buffer {
  const target = Buffer.allocUnsafe(end - start);
  let to = 0;
  let at = start;
  while (at < end) {
    const byte = bytes[at] as number;
    if (byte !== 0x5c) {
      target[to++] = byte;
      at++;
      continue;
    }
    const letter = bytes[at + 1] as number;
    if (letter !== 0x75) {
      target[to++] = shortEscapes[letter] as number;
      at += 2;
      continue;
    }
    let point = codeUnit(bytes, at + 2);
    at += 6;
    if (point < 0x80) {
      target[to++] = point;
      continue;
    }
    if (point >= 0xd800 && point <= 0xdfff) {
      const low = point <= 0xdbff && at + 6 <= end && bytes[at] === 0x5c && bytes[at + 1] === 0x75 ? codeUnit(bytes, at + 2) : 0;
      if (low >= 0xdc00 && low <= 0xdfff) {
        point = 0x10000 + ((point - 0xd800) << 10) + (low - 0xdc00);
        at += 6;
      } else {
        point = replacementCharacter;
      }
    }
    to = writeCodePoint(target, to, point);
  }
  return target.subarray(0, to);
}

/** An escape is never shorter than the UTF-8 it stands for, so `target` has the room. */
function writeCodePoint(target: Buffer, start: number, point: number): number {
  let to = start;
  if (point < 0x800) {
    target[to++] = 0xc0 | (point >> 6);
  } else {
    if (point < 0x10000) {
      target[to++] = 0xe0 | (point >> 12);
    } else {
      target[to++] = 0xf0 | (point >> 18);
      target[to++] = 0x80 | ((point >> 12) & 0x3f);
    }
    target[to++] = 0x80 | ((point >> 6) & 0x3f);
  }
  target[to++] = 0x80 | (point & 0x3f);
  return to;
}
