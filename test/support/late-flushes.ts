import type { File, IoCallback } from '@orbitmq/broker';

/** The file, whose flushes end for its user when `late` says so: the bytes are in it, but nobody was told that they are on the device. */
export function lateFlushes(file: File, late: (done: IoCallback) => IoCallback): File {
  return {
    path: file.path,
    write: (chunks, position, done) => file.write(chunks, position, done),
    datasync: (done) => file.datasync(late(done)),
    writeDurably: (chunks, position, done) => file.writeDurably(chunks, position, late(done)),
    reserve: (position, sizeBytes, done) => file.reserve(position, sizeBytes, done),
    read: (target, position) => file.read(target, position),
    truncate: (sizeBytes) => file.truncate(sizeBytes),
    size: () => file.size(),
    close: () => file.close(),
  };
}
