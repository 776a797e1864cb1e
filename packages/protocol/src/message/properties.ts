import { ValidationError } from '@orbitmq/core/kernel';
import { sharedNames } from '../header/name-cache.js';
import { nameValueSeparator, propertySeparator } from './property-names.js';

const NAME_END = 0x01;
const PROPERTY_END = 0x02;

/**
 * The property string of a message: `name 0x01 value 0x02` for each (Java: MessageDecoder.messageProperties2String; page 03
 * §3). Properties without a value are left out, as every reader drops them. Throws a `ValidationError` `MESSAGE_INVALID` for
 * what cannot be written: an empty name, a separator in a name, 0x02 in a value. (0x01 in a value survives: readers split at the first.)
 */
export function encodeProperties(entries: Readonly<Record<string, string>>): string {
  let text = '';
  for (const [name, value] of Object.entries(entries)) {
    if (name === '' || name.includes(nameValueSeparator) || name.includes(propertySeparator)) {
      throw new ValidationError('MESSAGE_INVALID', `"${name}" cannot be the name of a property`);
    }
    if (value.includes(propertySeparator)) {
      throw new ValidationError('MESSAGE_INVALID', `the value of the property "${name}" contains the character U+0002`);
    }
    if (value !== '') text += name + nameValueSeparator + value + propertySeparator;
  }
  return text;
}

/**
 * Makes objects that inherit nothing. Not by `Object.create(null)`: such an object is a hash table in V8, which costs twice as
 * much to fill and to read as one with a hidden class.
 */
const PropertyTable = function PropertyTable() {} as unknown as new () => Record<string, string>;
PropertyTable.prototype = Object.create(null);

/**
 * Reads a property string, with or without the last separator. Entries without name or value are dropped, of repeated names
 * the last counts, an entry's first 0x01 splits it. The result inherits nothing: a property may be called `__proto__`.
 */
export function decodeProperties(source: string | Buffer, start = 0, end = source.length): Record<string, string> {
  if (typeof source === 'string') return readProperties(source, undefined, 0);
  const text = source.toString('utf8', start, end);
  // Where a byte is a character, names can be looked up in the bytes.
  return readProperties(text, text.length === end - start ? source : undefined, start);
}

/** `bytes`: the text from `start` on, when all of it is ASCII. */
function readProperties(text: string, bytes: Buffer | undefined, start: number): Record<string, string> {
  const properties = new PropertyTable();
  let at = 0;
  // The next 0x01 is often far behind the entry: it is looked for once, not from each entry on.
  let split = text.indexOf(nameValueSeparator);
  while (at < text.length && split >= 0) {
    const found = text.indexOf(propertySeparator, at);
    const end = found < 0 ? text.length : found;
    if (split < at) split = text.indexOf(nameValueSeparator, at);
    if (split > at && split < end - 1) {
      const name = bytes === undefined ? text.slice(at, split) : sharedNames.text(bytes, start + at, start + split);
      properties[name] = text.slice(split + 1, end);
    }
    at = end + 1;
  }
  return properties;
}

/** The value of one property (its name is ASCII) without reading the others into anything. */
export function findProperty(bytes: Buffer, name: string): string | undefined {
  if (name === '') return undefined;
  const { length } = bytes;
  let valueStart = -1;
  let valueEnd = -1;
  let at = 0;
  while (at < length) {
    let index = 0;
    while (index < name.length && bytes[at + index] === name.charCodeAt(index)) index++;
    const isName = index === name.length && bytes[at + index] === NAME_END;
    const start = at + index + 1;
    at += index;
    while (at < length && bytes[at] !== PROPERTY_END) at++;
    if (isName && at > start) {
      valueStart = start;
      valueEnd = at;
    }
    at++;
  }
  return valueStart < 0 ? undefined : bytes.toString('utf8', valueStart, valueEnd);
}
