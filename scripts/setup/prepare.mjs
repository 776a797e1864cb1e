/**
 * Makes a checkout ready before a command runs: installs when `node_modules` is missing or older than the lock file, and
 * brings the build up to date. Needs nothing but Node and npm.
 */
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildStamp } from './build-stamp.mjs';

export const root = join(dirname(fileURLToPath(import.meta.url)), '../..');
const stamp = join(root, 'node_modules/.orbitmq-lock');
const nodeFloor = [20, 19];

/** Returns a text that changes with each build. */
export function prepare({ build }) {
  checkNode();
  const lockHash = createHash('sha256')
    .update(readFileSync(join(root, 'package-lock.json')))
    .digest('hex');
  if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== lockHash) {
    console.error('Installing dependencies (once) …');
    run('npm', ['ci', '--no-audit', '--no-fund'], 'npm ci');
    writeFileSync(stamp, lockHash);
  }
  const built = buildStamp(root);
  if (build && !built.isCurrent()) built.around(() => run(join(root, 'node_modules/.bin/tsc'), ['-b'], 'The build'));
  return built.text();
}

function checkNode() {
  const [major, minor] = process.versions.node.split('.').map(Number);
  if (major > nodeFloor[0] || (major === nodeFloor[0] && minor >= nodeFloor[1])) return;
  fail(`OrbitMQ needs Node ${nodeFloor.join('.')} or newer; this is ${process.versions.node}.`);
}

function run(command, args, what) {
  const result = spawnSync(command, args, { cwd: root, stdio: ['ignore', 2, 2], shell: process.platform === 'win32' });
  if (result.error !== undefined) fail(`${what} failed: ${result.error.message}`);
  if (result.status !== 0) fail(`${what} failed with status ${result.status}.`);
}

function fail(message) {
  console.error(message);
  process.exit(1);
}
