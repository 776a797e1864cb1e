import { posix } from 'node:path';

/** Joins parts of a path of this seam: absolute, with forward slashes (Node takes them on every platform). */
export function joinPath(...parts: readonly string[]): string {
  return posix.join(...parts);
}

export function parentPath(path: string): string {
  return posix.dirname(path);
}
