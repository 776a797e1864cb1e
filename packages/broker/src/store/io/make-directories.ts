import { promises as fsp } from 'node:fs';
import { errorCodeOf, ioError, uncreatable } from './io-error.js';
import { parentPath } from './paths.js';

/**
 * Makes a directory and those above it; resolves with those that were made, uppermost first. Not `mkdir` with `recursive`:
 * that one tries for ever below `/proc` and its like, where a parent exists and yet nothing can be made (Node 20).
 */
export async function makeDirectories(path: string): Promise<readonly string[]> {
  const code = await tryToMake(path);
  if (code === 'there') return [];
  if (code === 'made') return [path];
  const above = parentPath(path);
  if (above === path) throw uncreatable(path, code);
  const made = await makeDirectories(above);
  const again = await tryToMake(path);
  if (again === 'made') return [...made, path];
  // Another process made it meanwhile.
  if (again === 'there') return made;
  throw uncreatable(path, again);
}

/** The error when a parent seems to be missing; rejects with a `StoreError` for every other one. */
async function tryToMake(path: string): Promise<'made' | 'there' | Error> {
  try {
    await fsp.mkdir(path);
    return 'made';
  } catch (error) {
    if (errorCodeOf(error) === 'ENOENT' && error instanceof Error) return error;
    if (await isDirectory(path)) return 'there';
    throw ioError('create the directory', path, error);
  }
}

async function isDirectory(path: string): Promise<boolean> {
  try {
    return (await fsp.stat(path)).isDirectory();
  } catch {
    return false; // What cannot be looked at is not there for us; the reason is that of the failed `mkdir`.
  }
}
