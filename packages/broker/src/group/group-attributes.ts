/** Attributes of a group (Java: SubscriptionGroupAttributes; page 00 §4): `+key` sets, `-key` removes, others stay. */
const knownAttributes: ReadonlySet<string> = new Set([
  'priority.factor',
  'lite.bind.topic',
  'lite.sub.model',
  'lite.sub.client.quota',
  'lite.sub.client.max.event.cnt',
  'lite.sub.reset.offset.exclusive',
  'lite.sub.reset.offset.unsubscribe',
  'lite.sub.wildcard',
]);

/** The attributes after the changes, or a sentence that says what is wrong with them. */
export function applyGroupAttributeChanges(
  existing: Readonly<Record<string, string>>,
  changes: Readonly<Record<string, string>>,
): { readonly attributes: Record<string, string> } | { readonly problem: string } {
  const attributes = new Map(Object.entries(existing));
  for (const [signedKey, value] of Object.entries(changes)) {
    const sign = signedKey[0];
    const key = signedKey.slice(1);
    if (sign !== '+' && sign !== '-') return { problem: `kv string format wrong: ${signedKey} begins with neither + nor -` };
    if (!knownAttributes.has(key)) return { problem: `unsupported key: ${key}` };
    if (sign === '+') attributes.set(key, value);
    else attributes.delete(key);
  }
  return { attributes: Object.fromEntries(attributes) };
}
