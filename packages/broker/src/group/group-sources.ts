/**
 * What clients and the file have said of the groups, as they said it: members unknown here are kept with it. All together are
 * bounded (`group-updates.ts`), for what one group says may have some ten thousand bytes.
 */
import { type JsonFields, mergedFields } from '../metadata/json-fields.js';

/** Replaced, never changed. */
interface Source {
  readonly fields: JsonFields;
  readonly sizeChars: number;
}

export class GroupSources {
  readonly #sources = new Map<string, Source>();
  #sizeChars = 0;

  /** Characters of JSON. */
  get sizeChars(): number {
    return this.#sizeChars;
  }

  get(group: string): JsonFields | undefined {
    return this.#sources.get(group)?.fields;
  }

  /** Members that `fields` does not mention stay. */
  merge(group: string, fields: JsonFields): void {
    const known = this.#sources.get(group);
    const merged = mergedFields(known?.fields, fields);
    const sizeChars = JSON.stringify(merged).length;
    this.#sizeChars += sizeChars - (known?.sizeChars ?? 0);
    this.#sources.set(group, { fields: merged, sizeChars });
  }

  /** How many characters more there would be. */
  growth(group: string, fields: JsonFields): number {
    const known = this.#sources.get(group);
    return JSON.stringify(mergedFields(known?.fields, fields)).length - (known?.sizeChars ?? 0);
  }

  delete(group: string): void {
    this.#sizeChars -= this.#sources.get(group)?.sizeChars ?? 0;
    this.#sources.delete(group);
  }
}
