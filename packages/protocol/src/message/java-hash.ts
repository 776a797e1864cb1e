/** Java's `String.hashCode`: `31 * h + unit` over UTF-16 units, wrapped to 32 bits. */
export function javaStringHashCode(text: string): number {
  let hash = 0;
  for (let index = 0; index < text.length; index++) hash = (Math.imul(hash, 31) + text.charCodeAt(index)) | 0;
  return hash;
}

/** What a consume queue keeps of a message's tag; 0 when it has none (page 04 §6). */
export function tagsCode(tags: string | undefined): number {
  return tags === undefined ? 0 : javaStringHashCode(tags);
}
