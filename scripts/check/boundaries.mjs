/** Imports between packages, and between the folders of the broker, go only in the directions of `architecture.mjs`. */
import { posix } from 'node:path';
import { brokerAside, brokerLayers, packageImports, testImports } from './architecture.mjs';
import { isTestFile, lineOf, moduleSpecifiers, parseFile, sourceFiles } from './source-files.mjs';

const scope = '@orbitmq/';
const umbrella = 'orbitmq';

function packageTarget(specifier) {
  if (specifier.startsWith(scope)) return specifier.slice(scope.length);
  if (specifier === umbrella || specifier.startsWith(`${umbrella}/`)) return specifier;
  return undefined;
}

function brokerLayer(path) {
  const relative = path.slice('packages/broker/src/'.length);
  const head = relative.includes('/') ? relative.slice(0, relative.indexOf('/')) : relative;
  return { head, index: brokerLayers.findIndex((layer) => layer.includes(head)) };
}

function checkBrokerImport(path, target) {
  const from = brokerLayer(path);
  const to = brokerLayer(target.replace(/\.js$/, '.ts'));
  if (from.head === to.head) return undefined;
  const aside = brokerAside[from.head];
  if (aside !== undefined)
    return aside === '*' || aside.includes(to.head) ? undefined : `${from.head} may import only ${aside.join(', ')}`;
  if (from.index < 0) return `the folder ${from.head} has no place in brokerLayers (scripts/check/architecture.mjs)`;
  if (to.index < 0 && from.head !== 'bin' && from.head !== 'broker.ts') return `${from.head} may not import ${to.head}`;
  if (to.index >= 0 && to.index >= from.index) return `${from.head} may import only what stands left of it, not ${to.head}`;
  return undefined;
}

function checkSpecifier(root, path, owner, isTest, specifier) {
  if (specifier.startsWith('.')) {
    const target = posix.normalize(posix.join(posix.dirname(path), specifier));
    if (!target.startsWith(`packages/${owner}/src/`)) return `leaves its package: ${specifier}`;
    if (target === `packages/${owner}/src/index.js` && !isTest) return `imports its own barrel: ${specifier}`;
    return owner === 'broker' && !isTest ? checkBrokerImport(path, target) : undefined;
  }
  const target = packageTarget(specifier);
  if (target === undefined) return undefined;
  if (/\/(src|dist)(\/|$)/.test(target)) return `imports the inside of a package: ${specifier}`;
  if (target === owner) return `imports itself by name: ${specifier}`;
  const allowed = packageImports[owner];
  if (allowed === undefined) return `the package ${owner} has no place in packageImports (scripts/check/architecture.mjs)`;
  if (allowed.includes(target) || (isTest && testImports.includes(target))) return undefined;
  return `${owner} may not import ${specifier}`;
}

export function checkBoundaries(root) {
  const problems = [];
  for (const path of sourceFiles(root, 'packages')) {
    const owner = path.split('/')[1];
    const isTest = isTestFile(path);
    const file = parseFile(root, path);
    if (file === undefined) continue;
    for (const { specifier, start } of moduleSpecifiers(file.program)) {
      const problem = checkSpecifier(root, path, owner, isTest, specifier);
      if (problem !== undefined) problems.push(`${path}:${lineOf(file.text, start)} ${problem}`);
    }
  }
  return problems;
}
