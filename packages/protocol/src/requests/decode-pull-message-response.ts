import { ReceivedCommand } from '../frame/received-command.js';
import type { RemotingCommand } from '../frame/remoting-command.js';
import { FieldLocator } from '../header/field-locator.js';
import { pullMessageResponseHeader } from './pull-message.js';

/** What a consumer wants of the answer to a pull. */
export interface PullMessageResult {
  readonly suggestWhichBrokerId: number;
  readonly nextBeginOffset: number;
  readonly minOffset: number;
  readonly maxOffset: number;
}

const Field = { SUGGEST_WHICH_BROKER_ID: 0, NEXT_BEGIN_OFFSET: 1, MIN_OFFSET: 2, MAX_OFFSET: 3 } as const;

const locator = new FieldLocator(['suggestWhichBrokerId', 'nextBeginOffset', 'minOffset', 'maxOffset']);

function readInteger(index: number): number {
  return locator.integer(index, Number.MIN_SAFE_INTEGER, Number.MAX_SAFE_INTEGER);
}

function readFields(command: ReceivedCommand): PullMessageResult | undefined {
  if (!locator.locate(command)) return undefined;
  const suggestWhichBrokerId = readInteger(Field.SUGGEST_WHICH_BROKER_ID);
  const nextBeginOffset = readInteger(Field.NEXT_BEGIN_OFFSET);
  const minOffset = readInteger(Field.MIN_OFFSET);
  const maxOffset = readInteger(Field.MAX_OFFSET);
  // NaN: one of them is missing, or in an unusual form.
  if (Number.isNaN(suggestWhichBrokerId + nextBeginOffset + minOffset + maxOffset)) return undefined;
  return { suggestWhichBrokerId, nextBeginOffset, minOffset, maxOffset };
}

/**
 * Reads the header of an answer to PULL_MESSAGE straight from a received frame, JSON or binary. Throws a `ProtocolError`
 * `HEADER_INVALID` that names the field.
 */
export function decodePullMessageResponse(command: RemotingCommand): PullMessageResult {
  if (command instanceof ReceivedCommand) {
    const fields = readFields(command);
    locator.release();
    if (fields !== undefined) return fields;
  }
  const { suggestWhichBrokerId, nextBeginOffset, minOffset, maxOffset } = pullMessageResponseHeader.decodeCommand(command);
  return { suggestWhichBrokerId, nextBeginOffset, minOffset, maxOffset };
}
