import { Command, Option } from 'commander';
import {
  type Client,
  CreateTenantDocument,
  type IsolationStrategy,
  MoveTenantDocument,
  type RestTenantFragment,
  UpdateTenantDocument,
} from '../../client/index.ts';
import { toJsonObject, toWord } from '../arguments.ts';
import { type Context, UsageError } from '../context.ts';
import { ifRevisionOption } from '../if-revision.ts';
import { slugFrom } from '../import/slugs.ts';
import { present } from '../present.ts';
import { answer, onServer, type ServerFlags } from '../server.ts';
import { tenantIdOf, tenantIdOrNull } from '../tenant-name.ts';

type Fields = Readonly<Record<string, unknown>>;

/** What every change takes that must not overwrite what others did meanwhile. */
interface ChangeFlags extends ServerFlags {
  readonly ifRevision?: number;
}

interface UpdateFlags extends ChangeFlags {
  readonly name?: string;
  readonly slug?: string;
  readonly document?: Fields;
  readonly metadata?: Fields;
}

interface CreateFlags extends UpdateFlags {
  readonly under?: string;
  readonly isolation?: IsolationStrategy;
}

const strategies: readonly IsolationStrategy[] = ['SHARED_RLS', 'SCHEMA_PER_TENANT', 'DB_PER_TENANT'];

function fieldOptions(command: Command): Command {
  return command
    .option('--slug <slug>', 'its short name, unique in the installation')
    .option('--document <json>', 'an object of your own', toJsonObject)
    .option('--metadata <json>', 'another one, for what describes it', toJsonObject);
}

export function createCommand(context: Context): Command {
  const command = fieldOptions(new Command('create'))
    .description('Create a tenant. A slug is made of its name unless told.')
    .argument('<name>', 'the name people see')
    .option('--under <tenant>', 'the tenant above it; without one it is a root')
    .option('--isolation <strategy>', `how its own data is kept apart: ${strategies.join(', ')}`, toWord(strategies));
  return onServer(context, command, async (client, flags: CreateFlags, name: string) => {
    const { slug = slugFrom(name, name), document, metadata, isolation } = flags;
    const parentId = await tenantIdOrNull(client, flags.under);
    const input = {
      name,
      slug,
      parentId,
      ...(document && { document }),
      ...(metadata && { metadata }),
      ...(isolation && { isolationStrategy: isolation }),
    };
    const { createTenant } = await client.mutate(CreateTenantDocument, { input });
    tellTenant(context, flags, 'created', createTenant);
  });
}

export function updateCommand(context: Context): Command {
  const command = ifRevisionOption(fieldOptions(new Command('update')))
    .description('Change a tenant: an object replaces the whole one before.')
    .argument('<tenant>', 'its id or slug')
    .option('--name <name>', 'the name people see');
  return onServer(context, command, async (client, flags: UpdateFlags, tenant: string) => {
    const { name, slug, document, metadata } = flags;
    const input = {
      ...(name !== undefined && { name }),
      ...(slug !== undefined && { slug }),
      ...(document && { document }),
      ...(metadata && { metadata }),
    };
    if (Object.keys(input).length === 0) {
      throw new UsageError('nothing to change: give --name, --slug, --document or --metadata');
    }
    await update(context, client, flags, tenant, input);
  });
}

export function renameCommand(context: Context): Command {
  const command = ifRevisionOption(new Command('rename'))
    .description('Give a tenant another name. Its slug stays unless told.')
    .argument('<tenant>', 'its id or slug')
    .argument('<name>', 'the name people see from now on')
    .option('--slug <slug>', 'its short name from now on');
  return onServer(context, command, (client, flags: UpdateFlags, tenant: string, name: string) =>
    update(context, client, flags, tenant, { name, ...(flags.slug !== undefined && { slug: flags.slug }) }),
  );
}

async function update(context: Context, client: Client, flags: ChangeFlags, tenant: string, input: Fields) {
  const variables = { id: await tenantIdOf(client, tenant), input, ifRevision: flags.ifRevision ?? null };
  const { updateTenant } = await client.mutate(UpdateTenantDocument, variables);
  tellTenant(context, flags, 'updated', updateTenant);
}

export function moveCommand(context: Context): Command {
  const command = ifRevisionOption(new Command('move'))
    .description('Move a tenant with everything below it under another one, or to the top.')
    .argument('<tenant>', 'its id or slug')
    .option('--under <tenant>', 'the tenant it is to lie right below')
    .addOption(new Option('--to-top', 'make it a root').conflicts('under'));
  return onServer(context, command, async (client, flags: MoveFlags, name: string) => {
    if (flags.under === undefined && !flags.toTop) {
      throw new UsageError('where to? Say --under <tenant>, or --to-top');
    }
    const newParentId = await tenantIdOrNull(client, flags.under);
    const variables = { id: await tenantIdOf(client, name), newParentId, ifRevision: flags.ifRevision ?? null };
    const { moveTenant } = await client.mutate(MoveTenantDocument, variables);
    tellTenant(context, flags, 'moved', moveTenant);
  });
}

interface MoveFlags extends ChangeFlags {
  readonly under?: string;
  readonly toTop?: boolean;
}

/** What became of a tenant, in a line. */
export function tellTenant(
  context: Context,
  flags: ServerFlags,
  what: string,
  tenant: RestTenantFragment | null,
): void {
  const { name, slug, id } = present(tenant);
  answer(context, flags, tenant, () => `${what} ${name} (${slug}, ${id})`);
}
