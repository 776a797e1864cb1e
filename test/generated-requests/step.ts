/**
 * A sequence as data: what a failure prints, and what runs it again. Texts of a request may name what is known only while it
 * runs: `@physical3@` is where the third message that was acknowledged lies in the log (counted round), `@now@` the time.
 */
import type { Target } from './stage.js';

export type BodySpec =
  | { readonly as: 'none' }
  /** A message that no other step sends; `fillBytes` make it longer. */
  | { readonly as: 'message'; readonly fillBytes: number; readonly isCompressed?: boolean }
  | { readonly as: 'text'; readonly text: string }
  | { readonly as: 'hex'; readonly hex: string }
  | { readonly as: 'nested'; readonly open: string; readonly depth: number; readonly close: string }
  | { readonly as: 'batch'; readonly entries: readonly BatchEntrySpec[]; readonly lie?: BatchLie | undefined }
  | { readonly as: 'cut'; readonly body: BodySpec; readonly keptPermille: number };

export interface BatchEntrySpec {
  readonly fillBytes: number;
  readonly flag: number;
  readonly properties: Readonly<Record<string, string>>;
}

/** A number of the batch's layout is not what it should be. */
export interface BatchLie {
  readonly entry: number;
  readonly field: 'size' | 'crc' | 'bodyLength' | 'propertiesLength';
  readonly by: number;
}

/** What is done to the bytes of a frame. */
export type FrameDamage =
  | { readonly kind: 'length' | 'headerLength'; readonly by: number }
  | { readonly kind: 'type'; readonly type: number }
  | { readonly kind: 'cut'; readonly keptPermille: number }
  | { readonly kind: 'flip'; readonly atPermille: number; readonly bit: number };

export interface Ask {
  /** Which of the sequence's clients; each has a connection to each target. */
  readonly client: number;
  readonly target: Target;
  readonly code: number;
  readonly fields: Readonly<Record<string, string>>;
  readonly body: BodySpec;
  readonly isOneway: boolean;
  readonly isBinary: boolean;
  readonly version: number;
  readonly damage?: FrameDamage | undefined;
}

export type Step =
  /** All of them in one turn. */
  | { readonly do: 'ask'; readonly asks: readonly Ask[] }
  /** A client ends its connections; `asks` are on their way, unanswered. */
  | { readonly do: 'vanish'; readonly client: number; readonly how: 'end' | 'reset'; readonly asks: readonly Ask[] }
  | { readonly do: 'pass'; readonly ms: number }
  /** `asks` are under way when the broker ends. */
  | { readonly do: 'restart'; readonly how: 'stop' | 'kill'; readonly asks: readonly Ask[] };
