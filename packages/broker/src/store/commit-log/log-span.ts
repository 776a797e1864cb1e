/** Bytes of the log in memory that came from a file. */
export interface LogSpan {
  readonly physicalStart: number;
  readonly bytes: Buffer;
}

export function spanHas(span: LogSpan, physicalOffset: number, sizeBytes: number): boolean {
  return physicalOffset >= span.physicalStart && physicalOffset + sizeBytes <= span.physicalStart + span.bytes.length;
}
