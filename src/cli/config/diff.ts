import { Command } from 'commander';
import { CompareConfigDocument, type CompareConfigQuery } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { jsonText } from '../harmless.ts';
import { present } from '../present.ts';
import { onServer, type ServerFlags } from '../server.ts';
import { type Cell, tableOf } from '../table.ts';
import { tenantIdOf } from '../tenant-name.ts';
import type { Style } from '../terminal.ts';
import { shownValue } from '../value.ts';

type Entry = NonNullable<CompareConfigQuery['configDiff']>['diff'][number];

interface Flags extends ServerFlags {
  readonly all?: boolean;
}

export function diffCommand(context: Context): Command {
  const command = new Command('diff')
    .description('Compare what applies to two tenants.')
    .argument('<a>', 'the id or slug of one')
    .argument('<b>', 'the id or slug of the other')
    .option('--all', 'show what is equal too');
  return onServer(context, command, async (client, flags: Flags, a: string, b: string) => {
    const variables = { tenantA: await tenantIdOf(client, a), tenantB: await tenantIdOf(client, b) };
    const { configDiff } = await client.query(CompareConfigDocument, variables);
    const { tenant_a, tenant_b, diff } = present(configDiff);
    const entries = diff.filter(({ equal }) => flags.all || equal !== true);
    if (flags.json) {
      context.print(jsonText({ tenant_a, tenant_b, diff: entries }));
      return;
    }
    const lines =
      entries.length === 0
        ? ['no differences']
        : tableOf(context.terminal, ['', 'KEY', tenant_a.slug, tenant_b.slug], entries.map(rowOf));
    lines.forEach(context.print);
  });
}

/** `+` only the second has it, `-` only the first, `~` another value, `?` a secret that can't be compared. */
function rowOf({ key, equal, tenant_a, tenant_b }: Entry): Cell[] {
  const [mark, style] = markOf(equal, tenant_a, tenant_b);
  const cell = (text: string): Cell => (style === null ? text : { text, style });
  return [cell(mark), cell(key), cell(sideOf(tenant_a)), cell(sideOf(tenant_b))];
}

function markOf(equal: boolean | null, a: Entry['tenant_a'], b: Entry['tenant_b']): [string, Style | null] {
  if (a === null) {
    return ['+', 'green'];
  }
  if (b === null) {
    return ['-', 'red'];
  }
  if (equal === null) {
    return ['?', 'dim'];
  }
  return equal ? ['', null] : ['~', 'yellow'];
}

function sideOf(side: Entry['tenant_a']): string {
  return side === null ? '' : `${shownValue(side.value, side.masked)}  ${side.status}`;
}
