import type { SeededRandom } from '@orbitmq/testing';
import type { SimulatedInode, Survival } from './simulated-inode.js';

type Node = SimulatedInode | 'directory';

/** What a name stands for from now on; nothing: it is removed. */
interface NewName {
  readonly path: string;
  readonly node: Node | undefined;
}

interface NameChange extends NewName {
  /** Changes of one rename live or die together. */
  readonly group: number;
}

export function parentOf(path: string): string {
  const at = path.lastIndexOf('/');
  return at <= 0 ? '/' : path.slice(0, at);
}

/** Names of files and directories: as the process sees them, as the device has them, and the changes in between. */
export class SimulatedNames {
  readonly current: Map<string, Node>;
  readonly #durable: Map<string, Node>;
  #changes: NameChange[];
  #groupCount = 0;

  constructor(current: ReadonlyMap<string, Node> = new Map([['/', 'directory']]), durable = current, changes: NameChange[] = []) {
    this.current = new Map(current);
    this.#durable = new Map(durable);
    this.#changes = changes;
  }

  change(names: readonly NewName[]): void {
    this.#groupCount += 1;
    for (const { path, node } of names) {
      if (node === undefined) this.current.delete(path);
      else this.current.set(path, node);
      this.#changes.push({ path, node, group: this.#groupCount });
    }
  }

  flush(directory: string): void {
    this.#changes = this.#changes.filter((change) => {
      if (parentOf(change.path) !== directory) return true;
      if (change.node === undefined) this.#durable.delete(change.path);
      else this.#durable.set(change.path, change.node);
      return false;
    });
  }

  /** Gone for the process and on the device. */
  erase(path: string): void {
    const isInside = (name: string): boolean => name === path || name.startsWith(`${path}/`);
    for (const names of [this.current, this.#durable]) {
      for (const name of names.keys()) if (isInside(name)) names.delete(name);
    }
    this.#changes = this.#changes.filter((change) => !isInside(change.path));
  }

  /** The same names, with each file replaced by what `replace` makes of it, once. */
  map(replace: (inode: SimulatedInode) => SimulatedInode): SimulatedNames {
    const replaced = new Map<SimulatedInode, SimulatedInode>();
    const of = (node: Node): Node => {
      if (node === 'directory') return node;
      const inode = replaced.get(node) ?? replace(node);
      replaced.set(node, inode);
      return inode;
    };
    const ofAll = (names: ReadonlyMap<string, Node>) => new Map([...names].map(([path, node]) => [path, of(node)]));
    const changes = this.#changes.map((one) => ({ ...one, node: one.node && of(one.node) }));
    const mapped = new SimulatedNames(ofAll(this.current), ofAll(this.#durable), changes);
    mapped.#groupCount = this.#groupCount;
    return mapped;
  }

  /** What the device has after a power cut; names without their directory are gone. */
  afterPowerCut(survival: Exclude<Survival, 'everything'>, random: SeededRandom): SimulatedNames {
    const names = new Map(this.#durable);
    const isKept = survival === 'nothing' ? () => false : this.#someChanges(random);
    for (const change of this.#changes) {
      if (!isKept(change)) continue;
      if (change.node === undefined) names.delete(change.path);
      else names.set(change.path, change.node);
    }
    for (const path of names.keys()) if (!hasAllParents(names, path)) names.delete(path);
    return new SimulatedNames(names);
  }

  /** Half of the file systems write the changes of a directory in their order, the others in any. */
  #someChanges(random: SeededRandom): (change: NameChange) => boolean {
    const isOrdered = random.chance(0.5);
    const chance = random.next();
    const keptGroups = new Set<number>();
    for (const group of new Set(this.#changes.map((change) => change.group))) {
      if (random.chance(chance)) keptGroups.add(group);
    }
    if (!isOrdered) return ({ group }) => keptGroups.has(group);
    const lastKept = new Map<string, number>();
    return ({ path, group }) => {
      const directory = parentOf(path);
      let last = lastKept.get(directory);
      if (last === undefined) {
        const groups = this.#changes.filter((change) => parentOf(change.path) === directory).map((change) => change.group);
        last = [Number.NEGATIVE_INFINITY, ...groups][random.int(groups.length + 1)] as number;
        lastKept.set(directory, last);
      }
      return group <= last;
    };
  }
}

function hasAllParents(names: ReadonlyMap<string, Node>, path: string): boolean {
  for (let parent = parentOf(path); parent !== '/'; parent = parentOf(parent)) {
    if (names.get(parent) !== 'directory') return false;
  }
  return true;
}
