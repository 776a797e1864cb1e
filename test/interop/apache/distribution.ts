import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export type ApacheVersion = '4.9.7' | '5.5.0';
export const apacheVersions: readonly ApacheVersion[] = ['4.9.7', '5.5.0'];

const here = dirname(fileURLToPath(import.meta.url));
const cache = join(here, '../../../.cache/apache');
const javaSources = join(here, '../java');

const jarsOf = (version: ApacheVersion): string => join(cache, version, 'jars');

function works(command: string, args: readonly string[]): boolean {
  try {
    execFileSync(command, [...args], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}

/**
 * Why Apache's programs cannot run here; undefined when they can. In CI their absence is a failure, never a skip: a green run
 * without its counterparts would say nothing.
 */
export function apacheMissing(): string | undefined {
  const isFetched = apacheVersions.every((version) => existsSync(jarsOf(version)));
  const missing = [
    ...(works('javac', ['-version']) && works('java', ['-version']) ? [] : ['JDK']),
    ...(isFetched || works('mvn', ['-v']) ? [] : ['Maven']),
  ];
  if (missing.length === 0) return undefined;
  const reason = `no ${missing.join(' and no ')}`;
  if (process.env['CI'] !== undefined && process.env['CI'] !== '') throw new Error(`CI needs the real counterparts: ${reason}`);
  return reason;
}

/**
 * The class path with Apache's jars of a version and our Java test programs compiled against them; brought from Maven once.
 * Each is made aside and put in its place whole: test files run beside each other, and the first one's stays.
 */
export function apacheClassPath(version: ApacheVersion): string {
  const lib = jarsOf(version);
  if (!existsSync(lib)) place(lib, (fresh) => fetchJars(version, fresh));
  const sources = readdirSync(javaSources)
    .filter((name) => name.endsWith('.java'))
    .map((name) => join(javaSources, name))
    .toSorted();
  // Named after the sources: what a running JVM still loads from is never replaced.
  const hash = createHash('sha256');
  for (const path of sources) hash.update(readFileSync(path));
  const classes = join(cache, version, `classes-${hash.digest('hex').slice(0, 16)}`);
  if (!existsSync(classes)) place(classes, (fresh) => compile(sources, lib, fresh));
  return `${lib}/*:${classes}`;
}

/** Makes a directory under another name and moves it to its own, unless somebody was faster. */
function place(path: string, make: (fresh: string) => void): void {
  const fresh = `${path}.${process.pid}`;
  rmSync(fresh, { recursive: true, force: true });
  mkdirSync(fresh, { recursive: true });
  make(fresh);
  try {
    renameSync(fresh, path);
  } catch (error) {
    if (!existsSync(path)) throw error;
    rmSync(fresh, { recursive: true });
  }
}

function compile(sources: readonly string[], lib: string, target: string): void {
  execFileSync('javac', ['-nowarn', '-cp', `${lib}/*`, '-d', target, ...sources], { stdio: ['ignore', 'inherit', 'inherit'] });
}

function fetchJars(version: ApacheVersion, target: string): void {
  const pom = join(here, 'pom.xml');
  const goal = 'org.apache.maven.plugins:maven-dependency-plugin:3.6.1:copy-dependencies';
  execFileSync(
    'mvn',
    ['-q', '-B', '-f', pom, goal, `-Drocketmq.version=${version}`, `-DoutputDirectory=${target}`, '-DincludeScope=runtime'],
    {
      stdio: ['ignore', 'inherit', 'inherit'],
    },
  );
}

let wrapper: readonly string[] | undefined;

/**
 * Put before a command, it has the system kill the process when this one is gone, however that ends: a JVM that a test run was
 * killed over would go on for ever. Nothing where the system cannot.
 */
export function endingWithUs(): readonly string[] {
  wrapper ??= works('setpriv', ['--pdeathsig', 'KILL', 'true']) ? ['setpriv', '--pdeathsig', 'KILL'] : [];
  return wrapper;
}

/** Flags that Apache's programs need on JDK 17. */
export const javaFlags: readonly string[] = [
  '--add-opens=java.base/sun.nio.ch=ALL-UNNAMED',
  '--add-opens=java.base/java.nio=ALL-UNNAMED',
  '--add-exports=java.base/jdk.internal.ref=ALL-UNNAMED',
  '--add-exports=java.base/sun.nio.ch=ALL-UNNAMED',
  '--add-exports=java.base/jdk.internal.misc=ALL-UNNAMED',
];

/** For programs that live for some hundred requests: no second compiler, and no key pair made at the start. Not where Apache is measured. */
export const quickFlags: readonly string[] = ['-XX:TieredStopAtLevel=1', '-XX:+UseSerialGC', '-Dtls.server.mode=disabled'];
