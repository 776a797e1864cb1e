import type { Timers } from '@orbitmq/core/kernel';

/** Entries that are written in one turn of the event loop: a few milliseconds. */
const entriesPerTurn = 2000;

/** The texts of many entries, a part of them in each turn, so that a large table holds up nobody. The entries are those of now. */
export async function writtenInSteps<T>(timers: Timers, entries: readonly T[], textOf: (entry: T) => string): Promise<string[]> {
  const texts: string[] = [];
  for (let at = 0; at < entries.length; at += entriesPerTurn) {
    if (at > 0) await new Promise<void>((resolve) => timers.setImmediate(resolve));
    for (const entry of entries.slice(at, at + entriesPerTurn)) texts.push(textOf(entry));
  }
  return texts;
}
