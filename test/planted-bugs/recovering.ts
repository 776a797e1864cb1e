/** Bugs of a start: what is believed, what is cut, what is written anew. */
import type { Mutation } from './mutation.js';

const recovery = 'packages/broker/src/store/recovery';
const scanner = `${recovery}/log-scanner.ts`;
const recoverLog = `${recovery}/recover-log.ts`;
const recoveryTests = { files: ['test/store/recovery.test.ts'] };
const crashPoints = 'test/torture/crash-points.test.ts';

export const recoveringMutations: readonly Mutation[] = [
  {
    id: 'torn-tail-stays',
    breaks: 'What a crash left behind the end of the log is not zeroed.',
    promise: 'durable-kill',
    seenIn: 'iggy#3946',
    file: recoverLog,
    from: '  await zeroTail(options.fileSystem, segments.pathOf(start), physicalEnd - start, segments.sizeBytes);\n',
    to: '',
    tests: { files: [crashPoints], filter: 'groups for several queues' },
  },
  {
    id: 'body-crc-ignored',
    breaks: 'Recovery takes a record whose body does not have its CRC.',
    promise: 'damage-found',
    file: scanner,
    from: "    if (maskedCrc32(bytes.subarray(spans.bodyStart, spans.bodyEnd)) !== crc) return ended('its body does not have its CRC');\n",
    to: '    void crc;\n    void maskedCrc32;\n',
    tests: { files: ['test/store/damage.test.ts'], filter: 'a damaged body is still found' },
  },
  {
    id: 'stale-record-continues-log',
    breaks: 'A whole old record that stands at another place than it names continues the log.',
    promise: 'durable-kill',
    seenIn: 'iggy#3946',
    file: scanner,
    from: 'if (readInt64(bytes, at + RecordAt.PHYSICAL_OFFSET) !== physicalOffset) {',
    to: 'if (readInt64(bytes, at + RecordAt.PHYSICAL_OFFSET) < 0) {',
    tests: recoveryTests,
  },
  {
    id: 'cut-below-flushed',
    breaks: 'Damage below the flushed offset is taken for a torn tail, and all behind it is cut off without a word.',
    promise: 'damage-found',
    seenIn: 'nats-server#7549, nats-server#7556',
    file: recoverLog,
    from: 'if (physicalEnd < flushed',
    to: 'if (physicalEnd < 0 && physicalEnd < flushed',
    tests: recoveryTests,
  },
  {
    id: 'vanished-log-begins-anew',
    breaks: 'A store whose log is not there starts empty.',
    promise: 'damage-found',
    seenIn: 'bookkeeper#544',
    file: 'packages/broker/src/store/open-store.ts',
    from: '  if (!isMissing) return;\n',
    to: '  if (!isMissing || isMissing) return;\n',
    tests: recoveryTests,
  },
];
