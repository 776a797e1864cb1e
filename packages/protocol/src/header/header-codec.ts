import { ProtocolError } from '@orbitmq/core/kernel';
import type { ExtFields, RemotingCommand } from '../frame/remoting-command.js';

/**
 * Typed headers over `extFields` (Java: CommandCustomHeader, filled by reflection). A header is declared once as a table of
 * fields; decoding checks presence and range and throws a `ProtocolError` `HEADER_INVALID` that names the field.
 */
export interface FieldCodec<T> {
  readonly wireName: string | undefined;
  decode(text: string | undefined, name: string): T;
  encode(value: T): string | undefined;
}

type FieldTable = Readonly<Record<string, FieldCodec<unknown>>>;
type ValueOf<F> = F extends FieldCodec<infer T> ? T : never;
export type HeaderOf<F extends FieldTable> = { readonly [K in keyof F]: ValueOf<F[K]> };

export interface HeaderCodec<H> {
  decode(extFields: ExtFields | undefined): H;
  decodeCommand(command: RemotingCommand): H;
  encode(header: H): ExtFields;
}

function missing(name: string): never {
  throw new ProtocolError('HEADER_INVALID', `the required header field "${name}" is missing`, { details: { field: name } });
}

function malformed(name: string, text: string, expected: string): never {
  throw new ProtocolError('HEADER_INVALID', `the header field "${name}" is not ${expected}: "${text.slice(0, 64)}"`, {
    details: { field: name },
  });
}

const integerPattern = /^-?\d{1,19}$/;

function parseInteger(text: string, name: string, min: number, max: number, expected: string): number {
  if (!integerPattern.test(text)) malformed(name, text, expected);
  const value = Number(text);
  if (!(value >= min && value <= max)) malformed(name, text, expected);
  return value;
}

function required<T>(wireName: string | undefined, parse: (text: string, name: string) => T): FieldCodec<T> {
  return {
    wireName,
    decode: (text, name) => (text === undefined ? missing(name) : parse(text, name)),
    encode: (value) => String(value),
  };
}

function optional<T>(wireName: string | undefined, parse: (text: string, name: string) => T): FieldCodec<T | undefined> {
  return {
    wireName,
    decode: (text, name) => (text === undefined ? undefined : parse(text, name)),
    encode: (value) => (value === undefined ? undefined : String(value)),
  };
}

const parseText = (text: string): string => text;
const parseInt32 = (text: string, name: string): number => parseInteger(text, name, -2147483648, 2147483647, 'a 32-bit integer');
/** Long.MAX_VALUE is on the wire as "no limit"; it reads as the largest safe integer, every other value must be safe. */
const parseInt64 = (text: string, name: string): number => {
  if (text === '9223372036854775807') return Number.MAX_SAFE_INTEGER;
  return parseInteger(text, name, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER, 'a 53-bit integer');
};
const parseRounded64 = (text: string, name: string): number => parseInteger(text, name, -(2 ** 63), 2 ** 63, 'a 64-bit integer');
const parseBoolean = (text: string): boolean => text.toLowerCase() === 'true';

/** Field declarations; the argument is the name on the wire when it differs from the property's. */
export const text = (wireName?: string) => required(wireName, parseText);
export const int32 = (wireName?: string) => required(wireName, parseInt32);
export const int64 = (wireName?: string) => required(wireName, parseInt64);
/** A 64-bit number that is only compared, such as a version in nanoseconds: beyond 2^53 it is rounded, everywhere alike. */
export const rounded64 = (wireName?: string) => required(wireName, parseRounded64);
export const bool = (wireName?: string) => required(wireName, parseBoolean);
export const optionalText = (wireName?: string) => optional(wireName, parseText);
export const optionalInt32 = (wireName?: string) => optional(wireName, parseInt32);
export const optionalInt64 = (wireName?: string) => optional(wireName, parseInt64);
export const optionalBool = (wireName?: string) => optional(wireName, parseBoolean);

export function defineHeader<F extends FieldTable>(fields: F): HeaderCodec<HeaderOf<F>> {
  const entries = Object.entries(fields).map(([name, codec]) => ({ name, codec, wire: codec.wireName ?? name }));
  const decode = (extFields: ExtFields | undefined): HeaderOf<F> => {
    const header: Record<string, unknown> = {};
    for (const { name, codec, wire } of entries) {
      const value = extFields !== undefined && Object.hasOwn(extFields, wire) ? extFields[wire] : undefined;
      header[name] = codec.decode(value, wire);
    }
    return header as HeaderOf<F>;
  };
  return {
    decode,
    decodeCommand: (command) => decode(command.extFields),
    encode: (header) => {
      const extFields: ExtFields = {};
      for (const { name, codec, wire } of entries) {
        const value = codec.encode((header as Record<string, unknown>)[name]);
        if (value !== undefined) extFields[wire] = value;
      }
      return extFields;
    },
  };
}
