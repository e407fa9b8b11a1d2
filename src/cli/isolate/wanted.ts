import { type Command, InvalidArgumentError } from 'commander';
import { findTenantId } from '../../domain/isolation/add-table.ts';
import { type IsolationScope, scopes } from '../../domain/isolation/names.ts';
import type { Query } from '../../domain/isolation/setting.ts';
import type { Wanted } from '../../domain/isolation/steps.ts';

export interface WantedFlags {
  readonly scope: IsolationScope;
  readonly assign?: string;
}

/** How a table is to be isolated. */
export function wantedOptions(command: Command): Command {
  return command
    .argument('<table>', 'a table of yours, as SQL names it')
    .option(
      '--scope <scope>',
      'what a tenant reads: exact, its own rows; subtree, those of tenants below too',
      toScope,
      'exact',
    )
    .option('--assign <tenant>', "who gets the rows that are nobody's, by id or slug");
}

/** With the tenant by its id. */
export async function wantedOf(query: Query, { scope, assign }: WantedFlags): Promise<Wanted> {
  return assign === undefined ? { scope } : { scope, assign: await findTenantId(query, assign) };
}

function toScope(text: string): IsolationScope {
  const scope = scopes.find((one) => one === text.toLowerCase());
  if (scope === undefined) {
    throw new InvalidArgumentError(`One of ${scopes.join(', ')}.`);
  }
  return scope;
}
