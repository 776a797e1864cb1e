import { type Requirement, requirements } from '../requirements.js';

/** `docs/features.md`: what is promised, and for which transport. */
export function featuresPage(): string {
  const all: readonly Requirement[] = requirements;
  const rows = all.map(({ id, text, source, transports }) => `| \`${id}\` | ${text} | ${source} | ${transports.join(', ')} |`);
  return `# Features

What OrbitMQ promises. Every row has a test that shows it: \`grep -rn "verifies(.*'<id>'" test\` finds it. This page is made from
\`test/requirements.ts\` by \`npm run docs\`.

| id | promise | source | transports |
|---|---|---|---|
${rows.join('\n')}
`;
}
