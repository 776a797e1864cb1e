/**
 * The quickstart with everything it imports in one file: Node reads one module instead of 750, which is most of the time to
 * its first message. Its name carries the stamp of the build it was made from, so it is never older than that.
 */
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';

/** Some dependencies are CommonJS inside. */
const requireInModules = "import { createRequire } from 'node:module';\nconst require = createRequire(import.meta.url);";

/** Path of the file, made when it is missing; the entry itself where it cannot be made. */
export async function oneFile(root, entry, stamp) {
  const directory = join(root, 'node_modules/.cache/orbitmq');
  const name = `quickstart-${createHash('sha256').update(stamp).digest('hex').slice(0, 16)}.mjs`;
  const path = join(directory, name);
  if (existsSync(path)) return path;
  mkdirSync(directory, { recursive: true });
  for (const older of readdirSync(directory)) if (older.startsWith('quickstart-')) rmSync(join(directory, older));
  try {
    const { build } = await import('esbuild');
    const options = { bundle: true, platform: 'node', format: 'esm', keepNames: true, logLevel: 'silent' };
    await build({ ...options, entryPoints: [entry], outfile: path, banner: { js: requireInModules } });
    return path;
  } catch {
    return entry;
  }
}
