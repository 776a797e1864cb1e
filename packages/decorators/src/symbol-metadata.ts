/**
 * Compilers of standard decorators hand out `context.metadata` only when `Symbol.metadata` exists at the time a class is
 * defined; no engine has it yet. This must be the first import of the package.
 */
const known = Symbol as { metadata?: symbol };
known.metadata ??= Symbol.for('Symbol.metadata');

/** Key of a class's metadata object. */
export const metadataSymbol: symbol = known.metadata;
