/**
 * Numbers as Java has them. A literal is the narrowest of int and long, or a double, and a property is read as what the other
 * side is: so `a > 5` fails for "3000000000" and "5.5", and `a > 5.0` does not (page 04 §7).
 */
export type JavaNumber =
  | { readonly kind: 'integer'; readonly value: number }
  | { readonly kind: 'long'; readonly value: bigint }
  | { readonly kind: 'double'; readonly value: number };

const integerMax = 2147483647n;
const longMax = 9223372036854775807n;
/** Digits of the longest long; more can only be leading zeros. */
const longDigitsMax = 19;

/** An integer literal, its digits only; undefined beyond a long. */
export function integerLiteral(digits: string): JavaNumber | undefined {
  const value = digits.length > longDigitsMax ? longMax + 1n : BigInt(digits);
  if (value > longMax) return undefined;
  return value <= integerMax ? { kind: 'integer', value: Number(value) } : { kind: 'long', value };
}

/** A floating-point literal; undefined when it is zero, which RocketMQ refuses, or infinite. */
export function doubleLiteral(text: string): JavaNumber | undefined {
  const value = Number(text);
  return value === 0 || !Number.isFinite(value) ? undefined : { kind: 'double', value };
}

export function negate(number: JavaNumber): JavaNumber {
  return number.kind === 'long' ? { kind: 'long', value: -number.value } : { kind: number.kind, value: -number.value };
}

/** Reads a text as a number of the same kind; undefined where Java throws a NumberFormatException. */
export function readAs(kind: JavaNumber['kind'], text: string): JavaNumber | undefined {
  if (kind === 'double') {
    const value = readDouble(text);
    return value === undefined ? undefined : { kind, value };
  }
  const value = readLong(text);
  if (value === undefined) return undefined;
  if (kind === 'long') return { kind, value };
  return value > integerMax || value < -integerMax - 1n ? undefined : { kind, value: Number(value) };
}

/** Java: Long.valueOf. Decimal digits of every script count. */
function readLong(text: string): bigint | undefined {
  const isSigned = text.startsWith('-') || text.startsWith('+');
  const start = isSigned ? 1 : 0;
  if (text.length === start) return undefined;
  let digits = '';
  for (let at = start; at < text.length; at += 1) {
    const digit = digitValue(text.charCodeAt(at));
    if (digit === undefined || digits.length === longDigitsMax) return undefined;
    if (digit > 0 || digits !== '') digits += String(digit);
  }
  const value = text.startsWith('-') ? -BigInt(digits) : BigInt(digits);
  return value > longMax || value < -longMax - 1n ? undefined : value;
}

/** Only digits of the basic plane count, since Java looks at UTF-16 units. */
function digitValue(unit: number): number | undefined {
  if (unit < 0x80) return unit >= 0x30 && unit <= 0x39 ? unit - 0x30 : undefined;
  return digitsBeyondAscii.get(unit);
}

const decimalDigit = /^\p{Nd}$/u;

/** The ten digits of a script begin at a code that ends in 0 or in 6. */
const digitsBeyondAscii: ReadonlyMap<number, number> = new Map(
  Array.from({ length: 0x1000 - 8 }, (_, block) => (block + 8) * 16).flatMap((block) => {
    const zero = [block, block + 6].find((code) => decimalDigit.test(String.fromCharCode(code)));
    if (zero === undefined) return [];
    return Array.from({ length: 10 }, (_, digit): [number, number] => [zero + digit, digit]);
  }),
);

const decimalForm = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?[fFdD]?$/;
const namedForm = /^[+-]?(?:NaN|Infinity)$/;
const hexForm = /^([+-]?)0[xX](?:([0-9a-fA-F]+)\.?|([0-9a-fA-F]*)\.([0-9a-fA-F]+))[pP]([+-]?\d+)[fFdD]?$/;

/** Java: Double.valueOf, hexadecimal forms and type suffixes included. */
function readDouble(text: string): number | undefined {
  const trimmed = trimControls(text);
  if (decimalForm.test(trimmed)) {
    const last = trimmed.charCodeAt(trimmed.length - 1) | 0x20;
    return Number(last === 0x66 || last === 0x64 ? trimmed.slice(0, -1) : trimmed);
  }
  if (namedForm.test(trimmed)) return trimmed.endsWith('NaN') ? Number.NaN : trimmed.startsWith('-') ? -Infinity : Infinity;
  const hex = hexForm.exec(trimmed);
  if (hex === null) return undefined;
  const [, sign, whole = '', beforePoint = '', fraction = '', exponent = '0'] = hex;
  const value = hexValue(whole + beforePoint + fraction, Number(exponent) - 4 * fraction.length);
  return sign === '-' ? -value : value;
}

/** Java: String.trim. */
function trimControls(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text.charCodeAt(start) <= 0x20) start += 1;
  while (end > start && text.charCodeAt(end - 1) <= 0x20) end -= 1;
  return text.slice(start, end);
}

/** More hexadecimal digits than this only tell which way to round. */
const hexDigitsMax = 32;

function hexValue(digits: string, exponent: number): number {
  let first = 0;
  while (first < digits.length && digits.charCodeAt(first) === 0x30) first += 1;
  if (first === digits.length) return 0;
  const dropped = Math.max(0, digits.length - first - hexDigitsMax);
  let mantissa = BigInt(`0x${digits.slice(first, digits.length - dropped)}`);
  if (dropped > 0 && /[^0]/.test(digits.slice(digits.length - dropped))) mantissa |= 1n;
  const power = Math.max(-3000, Math.min(3000, exponent + 4 * dropped));
  const half = Math.trunc(power / 2);
  // In two steps: neither factor leaves the range of a double where the product does not.
  return Number(mantissa) * 2 ** half * 2 ** (power - half);
}
