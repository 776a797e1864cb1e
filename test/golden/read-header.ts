/** Reads the header of a frame in either form; written apart from the codec, so that it cannot share an error with it. */
export interface FrameHeader {
  readonly code: number;
  readonly flag: number;
  readonly opaque: number;
  readonly extFields: Readonly<Record<string, string>>;
  /** Of header and length words; the body begins there. */
  readonly endOffset: number;
}

const binaryType = 1;

export function readHeader(frame: Buffer): FrameHeader {
  const word = frame.readInt32BE(4);
  const length = word & 0xffffff;
  const header = frame.subarray(8, 8 + length);
  if (word >>> 24 === binaryType) return { ...readBinary(header), endOffset: 8 + length };
  const json = JSON.parse(header.toString()) as { code: number; flag?: number; opaque: number; extFields?: Record<string, string> };
  return { code: json.code, flag: json.flag ?? 0, opaque: json.opaque, extFields: json.extFields ?? {}, endOffset: 8 + length };
}

/** code int16, language int8, version int16, opaque int32, flag int32, remark (int32 length), fields (int32 length). */
function readBinary(header: Buffer): Omit<FrameHeader, 'endOffset'> {
  let at = 13 + 4 + header.readInt32BE(13);
  const end = at + 4 + header.readInt32BE(at);
  const extFields: Record<string, string> = {};
  for (at += 4; at < end; ) {
    const nameEnd = at + 2 + header.readInt16BE(at);
    const valueEnd = nameEnd + 4 + header.readInt32BE(nameEnd);
    extFields[header.toString('utf8', at + 2, nameEnd)] = header.toString('utf8', nameEnd + 4, valueEnd);
    at = valueEnd;
  }
  return { code: header.readInt16BE(0), opaque: header.readInt32BE(5), flag: header.readInt32BE(9), extFields };
}
