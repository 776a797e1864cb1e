import type { FilePool } from './file-pool.js';

/** Whether a file of the commit log begins with data: brokers make files ahead, full of zeros. */
export async function beginsWithData(pool: FilePool, path: string): Promise<boolean> {
  const head = Buffer.alloc(4);
  await pool.use(path, (file) => file.read(head, 0));
  return head.readInt32BE(0) !== 0;
}
