import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseSync } from 'oxc-parser';

/** Tracked and new, not ignored TypeScript files below `root` whose path starts with `prefix`. */
export function sourceFiles(root, prefix) {
  const output = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '--deduplicate', prefix], {
    cwd: root,
    encoding: 'utf8',
  });
  return output.split('\n').filter((path) => /\.(ts|mts)$/.test(path) && !path.endsWith('.d.ts'));
}

/** The syntax tree of a file; undefined when the file was deleted but not yet from the index. */
export function parseFile(root, path) {
  let text;
  try {
    text = readFileSync(join(root, path), 'utf8');
  } catch (error) {
    if (error.code === 'ENOENT') return undefined;
    throw error;
  }
  const result = parseSync(path, text);
  if (result.errors.length > 0) throw new Error(`${path}: ${result.errors[0].message}`);
  return { program: result.program, text };
}

/** Calls `visit(node, parent)` for every node of the tree. */
export function walk(node, visit, parent) {
  if (node === null || typeof node !== 'object') return;
  if (Array.isArray(node)) {
    for (const child of node) walk(child, visit, parent);
    return;
  }
  if (typeof node.type !== 'string') return;
  visit(node, parent);
  for (const key of Object.keys(node)) {
    if (key !== 'type' && key !== 'start' && key !== 'end') walk(node[key], visit, node);
  }
}

/** Every module that the file names: static, dynamic and type imports, and re-exports. */
export function moduleSpecifiers(program) {
  const found = [];
  walk(program, (node) => {
    const source = node.source;
    if (source !== null && typeof source === 'object' && source?.type === 'Literal' && typeof source.value === 'string') {
      found.push({ specifier: source.value, start: node.start });
    }
  });
  return found;
}

export function lineOf(text, offset) {
  return text.slice(0, offset).split('\n').length;
}

/** Tests, and what only tests use; neither is built nor published. */
export function isTestFile(path) {
  return /\.test(-d)?\.ts$/.test(path) || path.includes('/test-support/');
}
