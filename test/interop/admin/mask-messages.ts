import type { ApacheVersion } from '../apache/distribution.js';

/** Message ids name hosts, processes and places of logs; those of `storeMessages` are the same everywhere. */
export function maskIds(text: string): string {
  return text.replaceAll(/\b[0-9A-F]{32}\b/g, (id) => (id.startsWith('7F00000100A118B4AAC2') ? id : '<offset id>'));
}

/** Places of logs differ: the brokers' own messages come between; so do sizes, by what a version stores with a message. */
export function maskPlaces(text: string): string {
  return maskIds(text).replaceAll(
    /(physicOffset|physicSize|CommitLogOffset|PhysicalOffset|CommitLog Offset:|Offset in CommitLog)(\W+)\d+/gi,
    '$1$2<n>',
  );
}

/** A message as the queries print it: who sent it where, and where its body was written. */
export function maskDetail(text: string, version: ApacheVersion): string {
  return maskProperties(maskPlaces(text), version).replaceAll(/(Born Host:|Store Host:|Message Body Path:).*/g, '$1 <masked>');
}

/** A printed MessageExt: its place, its sender, and in which order a hash map has its properties. */
export function maskMessage(text: string, version: ApacheVersion): string {
  const masked = maskIds(text).replaceAll(/\b(commitLogOffset|bornHost|storeHost|storeSize)=[^,\]]*/g, '$1=<masked>');
  return maskProperties(masked, version);
}

/** What ours stores with every message, as 5.x does, and 4.9 does not. */
const notOf49 = /^(?:MSG_REGION|TRACE_ON|WAIT)=/;

function maskProperties(text: string, version: ApacheVersion): string {
  return text.replaceAll(/(properties=|Properties: +)\{([^}]*)\}/gi, (_all, name: string, list: string) => {
    const properties = list.split(', ').filter((property) => version !== '4.9.7' || !notOf49.test(property));
    return `${name}{${properties.toSorted().join(', ')}}`;
  });
}
