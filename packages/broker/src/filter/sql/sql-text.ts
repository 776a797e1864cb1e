import { type JavaNumber, readAs } from './java-number.js';

type Numbers = { [Kind in JavaNumber['kind']]?: JavaNumber | 'none' };

/** A text operand. However often it is compared with numbers, it is read once as each kind of number. */
export class SqlText {
  readonly text: string;
  readonly #numbers: Numbers = {};

  constructor(text: string) {
    this.text = text;
  }

  /** As `readAs` of the text. */
  readAs(kind: JavaNumber['kind']): JavaNumber | undefined {
    const number = (this.#numbers[kind] ??= readAs(kind, this.text) ?? 'none');
    return number === 'none' ? undefined : number;
  }
}
