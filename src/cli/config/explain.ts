import { Command } from 'commander';
import { ExplainConfigDocument } from '../../client/index.ts';
import type { Context } from '../context.ts';
import { drawExplanation } from '../explanation.ts';
import { jsonText } from '../harmless.ts';
import { answer, onServer, type ServerFlags } from '../server.ts';
import { tenantIdOf } from '../tenant-name.ts';
import { shownValue } from '../value.ts';
import { revealOption } from './read.ts';

interface Flags extends ServerFlags {
  readonly reveal?: boolean;
}

export function explainCommand(context: Context): Command {
  const command = revealOption(new Command('explain'))
    .description('Say why a value is what it is: who set it, from the root down, and which rule decided.')
    .argument('<tenant>', 'its id or slug')
    .argument('<key>', 'the key');
  return onServer(context, command, async (client, flags: Flags, name: string, key: string) => {
    const { reveal = false } = flags;
    const { tenant } = await client.query(ExplainConfigDocument, { id: await tenantIdOf(client, name), key, reveal });
    const resolved = tenant?.resolved;
    if (!resolved) {
      throw new Error(`nothing applies to ${name} under ${jsonText(key)}`);
    }
    const { rule, text, candidates } = resolved.explanation;
    answer(context, flags, tenant, () =>
      drawExplanation(context.terminal, {
        heading: `${key} of ${tenant.name} is ${shownValue(resolved.value, resolved.masked)}`,
        rule,
        text,
        candidates: candidates.map((candidate) => ({
          ...candidate,
          value: shownValue(candidate.value, candidate.masked),
          mark: candidate.locked ? 'locked' : '',
        })),
      }),
    );
  });
}
