import type { ApacheVersion } from '../apache/distribution.js';
import type { MqServer } from '../mq-server.js';
import type { AdminCommands, AdminResult } from './admin-tool.js';

/** Where a row runs: the tool of a version at one of the two servers. */
export interface AdminContext {
  readonly version: ApacheVersion;
  readonly server: MqServer;
  /** Runs commands at this server. */
  readonly tool: AdminCommands;
}

/** A place where ours deliberately answers otherwise; it stands in `docs/compatibility.md` too. */
interface AdminDifference {
  readonly why: string;
  /** What ours prints, normalised; the row fails when it equals Apache's after all. */
  readonly ours: string | RegExp;
  readonly versions?: readonly ApacheVersion[];
}

/**
 * One mqadmin command, run by the tool of a version at Apache's server of that version and at ours: what it prints has to be the
 * same once times, addresses and the like are masked. Rows run in the order of the table and share the servers: a row's topics,
 * groups and keys carry its own name.
 */
export interface AdminRow {
  /** Unique; usually the command and what is special. */
  readonly name: string;
  /** Absent: nothing is run but `observe`, which then asks the broker itself. */
  readonly command?: string;
  readonly args?: readonly string[] | ((context: AdminContext) => readonly string[] | Promise<readonly string[]>);
  /** Makes what the command is to find. */
  prepare?(context: AdminContext): Promise<unknown>;
  /** Masks what cannot be the same, after the general masks of `normaliseOutput`. */
  normalise?(text: string, version: ApacheVersion): string;
  /** What to compare in place of the command's own output, for commands that say nothing: e.g. a look at their effect. */
  observe?(context: AdminContext, result: AdminResult): Promise<string>;
  /** Default: both. */
  readonly versions?: readonly ApacheVersion[];
  /** The command has to fail, in the same way at both; otherwise a failure at either fails the row. */
  readonly fails?: boolean;
  readonly difference?: AdminDifference;
}
