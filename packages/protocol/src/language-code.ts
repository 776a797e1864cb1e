/** RocketMQ LanguageCode, by ordinal; `NODE_JS` is unknown before 5.3.2, so our own frames say `OTHER` (page 01 §6). */
const names = [
  'JAVA',
  'CPP',
  'DOTNET',
  'PYTHON',
  'DELPHI',
  'ERLANG',
  'RUBY',
  'OTHER',
  'HTTP',
  'GO',
  'PHP',
  'OMS',
  'RUST',
  'NODE_JS',
] as const;

export type LanguageName = (typeof names)[number];

/** Ordinal of `OTHER`, the language of our own frames. */
export const languageOther = 7;

/** The name of an ordinal; an unknown one reads as `OTHER`. */
export function languageName(ordinal: number): LanguageName {
  return names[ordinal] ?? 'OTHER';
}

/** The ordinal of a name; an unknown one reads as `OTHER`. */
export function languageOrdinal(name: string): number {
  const ordinal = (names as readonly string[]).indexOf(name);
  return ordinal < 0 ? languageOther : ordinal;
}
