import type { FileSystem } from '../../io/file-system.js';
import { datasyncFile, writeFile } from '../../io/io-promise.js';

const pieceBytes = 4_194_304;

/** Copies a file, durably but for its name; stretches of zeros stay holes. */
export async function copyFile(fileSystem: FileSystem, from: string, to: string): Promise<void> {
  const source = await fileSystem.open(from, { create: false });
  try {
    const target = await fileSystem.open(to, { create: true });
    try {
      const sizeBytes = await source.size();
      await target.truncate(0);
      await target.truncate(sizeBytes);
      const buffer = Buffer.allocUnsafeSlow(Math.max(1, Math.min(pieceBytes, sizeBytes)));
      const zeros = Buffer.alloc(buffer.length);
      for (let position = 0; position < sizeBytes; position += buffer.length) {
        const bytes = buffer.subarray(0, await source.read(buffer, position));
        if (!bytes.equals(zeros.subarray(0, bytes.length))) await writeFile(target, [bytes], position);
      }
      await datasyncFile(target);
    } finally {
      await target.close();
    }
  } finally {
    await source.close();
  }
}
