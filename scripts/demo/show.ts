import type { Terminal } from '../../src/cli/terminal.ts';
import {
  type Client,
  ExplainDemoValueDocument,
  type ExplainDemoValueQuery,
  ShowDemoTreeDocument,
} from '../../src/client/index.ts';
import { drawTree, show } from './tree.ts';

/** Prints a tree with everything that applies to each of its tenants. */
export async function showTree(client: Client, { say, paint }: Terminal, slug: string): Promise<void> {
  const { tenantBySlug: root } = await client.query(ShowDemoTreeDocument, { slug });
  if (root === null) {
    return;
  }
  for (const line of drawTree([root, ...root.descendants.nodes], paint)) {
    say(line);
  }
  if (root.descendants.pageInfo.hasNextPage) {
    say(paint('dim', '… and more'));
  }
}

/** Prints which tenants had a say in a value, from the root down, and whose word counted. */
export async function showExplanation(
  client: Client,
  { say, paint }: Terminal,
  { slug, key }: { slug: string; key: string },
): Promise<void> {
  const { tenantBySlug: tenant } = await client.query(ExplainDemoValueDocument, { slug, key });
  const resolved = tenant?.resolvedValue;
  if (!tenant || !resolved) {
    return;
  }
  say(`Why is ${key} ${show(resolved.value)} at ${tenant.name}?`);
  const rows = resolved.explanation.candidates.map(
    (candidate) => [nameOf(candidate), show(candidate.value, candidate.masked), words(candidate)] as const,
  );
  const width = (column: 0 | 1): number => Math.max(...rows.map((row) => row[column].length));
  for (const [name, value, outcome] of rows) {
    const decided = outcome.startsWith('decided');
    say(paint(decided ? 'green' : 'dim', `  ${name.padEnd(width(0))}  ${value.padStart(width(1))}  ${outcome}`));
  }
  say(`  ${resolved.explanation.text}`);
}

type Candidate = NonNullable<
  NonNullable<ExplainDemoValueQuery['tenantBySlug']>['resolvedValue']
>['explanation']['candidates'][number];

function nameOf({ tenant }: Candidate): string {
  return tenant.name ?? 'above';
}

const outcomes: Readonly<Record<Candidate['outcome'], string>> = {
  DECIDED: 'decided',
  OVERRIDDEN: 'overridden further down',
  SHADOWED_BY_LOCK: 'shadowed by a lock further up',
};

function words({ outcome, locked }: Candidate): string {
  return `${outcomes[outcome]}${locked ? ', locked' : ''}`;
}
