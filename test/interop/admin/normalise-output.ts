import type { MqServer } from '../mq-server.js';

/**
 * Makes the outputs of two servers comparable: addresses of the two processes, moments, and trailing space (columns are padded
 * to a width) are masked. Everything else has to be the same, order of lines included.
 */
export function normaliseOutput(text: string, server: Pick<MqServer, 'brokerAddr' | 'namesrvAddr'>): string {
  const port = Number(server.brokerAddr.split(':')[1]);
  return text
    .replaceAll(server.brokerAddr, '<broker>')
    .replaceAll(`127.0.0.1:${port - 2}`, '<broker-vip>')
    .replaceAll(`127.0.0.1:${port + 1}`, '<broker-ha>')
    .replaceAll(server.namesrvAddr, '<namesrv>')
    .replaceAll(/\b20\d\d-\d\d-\d\d[ #T]\d\d:\d\d:\d\d(?:[.,:]\d{1,3})?/g, '<time>')
    .replaceAll(/\b(?:1[7-9]|20)\d{11}\b/g, '<ms>')
    .replaceAll(/[ \t]+$/gm, '')
    .trim();
}

/** For outputs whose order says nothing: tables that Java keeps in hash maps. */
export function sortLines(text: string): string {
  return text.split('\n').toSorted().join('\n');
}
