/** From the data of a step to the bytes of a connection. */
import { deflateSync } from 'node:zlib';
import { createRequest, encodeBatch, encodeProperties, flagOneway, type RemotingCommand, SerializeType } from '@orbitmq/protocol';
import type { Ask, BatchEntrySpec, BatchLie, BodySpec, FrameDamage } from './step.js';
import { frameOf } from './wire-client.js';

/** What stands for `@name3@`, and a name for a message that no other has. */
export interface Lookup {
  known(name: string, index: number): string;
  newName(): string;
}

const placeholder = /@([a-zA-Z]+)(\d*)@/g;

export function filledIn(text: string, lookup: Lookup): string {
  return text.replace(placeholder, (_, name: string, index: string) => lookup.known(name, Number(index)));
}

export function bodyOf(spec: BodySpec, lookup: Lookup): Buffer | undefined {
  switch (spec.as) {
    case 'none':
      return undefined;
    case 'message': {
      const text = Buffer.from(`${lookup.newName()} ${'x'.repeat(spec.fillBytes)}`);
      return spec.isCompressed === true ? deflateSync(text) : text;
    }
    case 'text':
      return Buffer.from(filledIn(spec.text, lookup));
    case 'hex':
      return Buffer.from(spec.hex, 'hex');
    case 'nested':
      return Buffer.from(spec.open.repeat(spec.depth) + spec.close.repeat(spec.depth));
    case 'batch':
      return batchOf(spec.entries, spec.lie, lookup);
    case 'cut': {
      const whole = bodyOf(spec.body, lookup) ?? Buffer.alloc(0);
      return whole.subarray(0, Math.floor((whole.length * spec.keptPermille) / 1000));
    }
  }
}

function batchOf(entries: readonly BatchEntrySpec[], lie: BatchLie | undefined, lookup: Lookup): Buffer {
  const parts = entries.map(({ fillBytes, flag, properties }, index) => {
    const name = lookup.newName();
    const body = Buffer.from(`${name} ${'y'.repeat(fillBytes)}`);
    const bytes = encodeBatch([{ flag, body, properties: encodeProperties({ UNIQ_KEY: `batch-${name}`, ...properties }) }]);
    if (lie !== undefined && lie.entry % entries.length === index) tellLie(bytes, body.length, lie);
    return bytes;
  });
  return Buffer.concat(parts);
}

function tellLie(bytes: Buffer, bodyBytes: number, { field, by }: BatchLie): void {
  if (field === 'propertiesLength') {
    const at = 20 + bodyBytes;
    bytes.writeInt16BE(((bytes.readInt16BE(at) + by) << 16) >> 16, at);
    return;
  }
  const at = { size: 0, crc: 8, bodyLength: 16 }[field];
  bytes.writeInt32BE((bytes.readInt32BE(at) + by) | 0, at);
}

export function commandOf(ask: Ask, opaque: number, fields: Record<string, string>, body: Buffer | undefined): RemotingCommand {
  return {
    ...createRequest(ask.code, { extFields: fields, body }),
    flag: ask.isOneway ? flagOneway : 0,
    version: ask.version,
    opaque,
    serializeType: ask.isBinary ? SerializeType.ROCKETMQ : SerializeType.JSON,
  };
}

function damaged(frame: Buffer, damage: FrameDamage): Buffer {
  const bytes = Buffer.from(frame);
  switch (damage.kind) {
    case 'length':
      bytes.writeInt32BE((bytes.readInt32BE(0) + damage.by) | 0, 0);
      return bytes;
    case 'headerLength':
      bytes.writeInt32BE((bytes.readInt32BE(4) + damage.by) | 0, 4);
      return bytes;
    case 'type':
      bytes[4] = damage.type;
      return bytes;
    case 'cut':
      return bytes.subarray(0, Math.floor((bytes.length * damage.keptPermille) / 1000));
    case 'flip': {
      const at = Math.floor((bytes.length * damage.atPermille) / 1000);
      bytes[at] = (bytes[at] ?? 0) ^ (1 << damage.bit);
      return bytes;
    }
  }
}

export function bytesOf(command: RemotingCommand, damage: FrameDamage | undefined): Buffer {
  const frame = frameOf(command);
  return damage === undefined ? frame : damaged(frame, damage);
}
