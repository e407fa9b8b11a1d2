import { Command } from 'commander';
import { ExplainPermissionDocument } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { drawExplanation } from '../explanation.ts';
import { jsonText } from '../harmless.ts';
import { answer, onServer, type ServerFlags } from '../server.ts';
import { tenantIdOf } from '../tenant-name.ts';
import { shownValue } from '../value.ts';

export function explainCommand(context: Context): Command {
  const command = new Command('explain')
    .description('Say why a permission is what it is: who set it, from the root down, and which rule decided.')
    .argument('<tenant>', 'its id or slug')
    .argument('<key>', 'the key');
  return onServer(context, command, async (client, flags: ServerFlags, name: string, key: string) => {
    const { tenant } = await client.query(ExplainPermissionDocument, { id: await tenantIdOf(client, name), key });
    const resolved = tenant?.resolved;
    if (!resolved) {
      throw new Error(`nothing applies to ${name} under ${jsonText(key)}`);
    }
    const { rule, text, candidates } = resolved.explanation;
    answer(context, flags, tenant, () =>
      drawExplanation(context.terminal, {
        heading: `${key} of ${tenant.name} is ${shownValue(resolved.value)}, ${resolved.mode}`,
        rule,
        text,
        candidates: candidates.map(({ mode, ...candidate }) => ({
          ...candidate,
          value: shownValue(candidate.value),
          mark: mode,
        })),
      }),
    );
  });
}
