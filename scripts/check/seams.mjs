/** The outside world (time, chance, files, sockets, environment, terminal) is touched only in the seam files of `architecture.mjs`. */
import { seamedPackages, seamFiles } from './architecture.mjs';
import { isTestFile, lineOf, moduleSpecifiers, parseFile, sourceFiles, walk } from './source-files.mjs';

const seamOfModule = [
  [/^(node:)?fs(\/promises)?$/, 'files'],
  [/^(node:)?(net|tls|dgram|http|https|http2|dns)(\/promises)?$/, 'sockets'],
  [/^(node:)?timers(\/promises)?$/, 'timers'],
  [/^(node:)?perf_hooks$/, 'clock'],
  [/^(node:)?(child_process|cluster|worker_threads|vm|repl)$/, 'processes'],
  [/^(node:)?process$/, 'environment'],
  [/^(node:)?os$/, 'environment'],
];
const seamOfGlobal = {
  setTimeout: 'timers',
  setInterval: 'timers',
  setImmediate: 'timers',
  clearTimeout: 'timers',
  clearInterval: 'timers',
  clearImmediate: 'timers',
  console: 'terminal',
  fetch: 'sockets',
  WebSocket: 'sockets',
  eval: 'processes',
  performance: 'clock',
};
const seamOfMember = {
  'Date.now': 'clock',
  'Math.random': 'random',
  'crypto.randomUUID': 'random',
  'crypto.randomBytes': 'random',
  'crypto.getRandomValues': 'random',
  'AbortSignal.timeout': 'timers',
  'process.hrtime': 'clock',
  'process.env': 'environment',
  'process.cwd': 'environment',
  'process.pid': 'environment',
  'process.argv': 'environment',
  'process.exit': 'processes',
  'process.on': 'processes',
  'process.kill': 'processes',
  'process.stdout': 'terminal',
  'process.stderr': 'terminal',
};
const randomImports = new Set([
  'randomUUID',
  'randomBytes',
  'randomInt',
  'randomFillSync',
  'randomFill',
  'getRandomValues',
  'webcrypto',
]);

function memberName(node) {
  if (node.computed || node.property?.type !== 'Identifier') return undefined;
  if (node.object?.type === 'Identifier') return `${node.object.name}.${node.property.name}`;
  const inner = node.object;
  if (inner?.type === 'MemberExpression' && inner.object?.type === 'Identifier' && inner.object.name === 'globalThis') {
    return `${inner.property?.name}.${node.property.name}`;
  }
  return undefined;
}

/** An identifier that is read as a value, not a property's, parameter's or method's name. */
function isReference(node, parent) {
  if (parent === undefined) return false;
  if (parent.type === 'MemberExpression') return parent.object === node;
  if (['Property', 'PropertyDefinition', 'MethodDefinition', 'TSPropertySignature', 'TSMethodSignature'].includes(parent.type)) {
    return parent.value === node && parent.key !== node;
  }
  return (
    [
      'CallExpression',
      'NewExpression',
      'VariableDeclarator',
      'AssignmentExpression',
      'ArrowFunctionExpression',
      'ConditionalExpression',
      'ReturnStatement',
      'SpreadElement',
      'LogicalExpression',
      'ArrayExpression',
      'UnaryExpression',
      'BinaryExpression',
    ].includes(parent.type) && !(parent.type === 'VariableDeclarator' && parent.id === node)
  );
}

function seamUses(program) {
  const uses = [];
  for (const { specifier, start } of moduleSpecifiers(program)) {
    const hit = seamOfModule.find(([pattern]) => pattern.test(specifier));
    if (hit !== undefined) uses.push({ seam: hit[1], what: specifier, start });
  }
  walk(program, (node, parent) => {
    if (node.type === 'ImportDeclaration' && /^(node:)?crypto$/.test(node.source.value)) {
      for (const item of node.specifiers ?? []) {
        if (randomImports.has(item.imported?.name)) uses.push({ seam: 'random', what: item.imported.name, start: item.start });
      }
    }
    if (node.type === 'MemberExpression') {
      const name = memberName(node);
      if (name !== undefined && Object.hasOwn(seamOfMember, name))
        uses.push({ seam: seamOfMember[name], what: name, start: node.start });
      if (
        node.object?.type === 'Identifier' &&
        node.object.name === 'globalThis' &&
        Object.hasOwn(seamOfGlobal, node.property?.name ?? '')
      ) {
        uses.push({ seam: seamOfGlobal[node.property.name], what: `globalThis.${node.property.name}`, start: node.start });
      }
    }
    if (node.type === 'NewExpression' && node.callee?.name === 'Date' && node.arguments.length === 0) {
      uses.push({ seam: 'clock', what: 'new Date()', start: node.start });
    }
    if (node.type === 'Identifier' && Object.hasOwn(seamOfGlobal, node.name) && isReference(node, parent)) {
      uses.push({ seam: seamOfGlobal[node.name], what: node.name, start: node.start });
    }
  });
  return uses;
}

function allowedSeams(path) {
  const entry = Object.entries(seamFiles).find(([key]) => (key.endsWith('/') ? path.startsWith(key) : path === key));
  return entry === undefined ? [] : entry[1];
}

export function checkSeams(root) {
  const problems = [];
  for (const name of seamedPackages) {
    for (const path of sourceFiles(root, `packages/${name}/src`)) {
      if (isTestFile(path)) continue;
      const file = parseFile(root, path);
      if (file === undefined) continue;
      const allowed = allowedSeams(path);
      for (const use of seamUses(file.program)) {
        if (!allowed.includes(use.seam)) {
          problems.push(`${path}:${lineOf(file.text, use.start)} ${use.what}: the seam "${use.seam}" has its own file`);
        }
      }
    }
  }
  for (const path of Object.keys(seamFiles)) {
    if (!path.endsWith('/') && sourceFiles(root, path).length === 0)
      problems.push(`scripts/check/architecture.mjs names ${path}, which does not exist`);
  }
  return problems;
}
