import { Command } from 'commander';
import {
  ArchiveTenantDocument,
  type Client,
  InspectTenantDocument,
  PurgeTenantDocument,
  ResumeTenantDocument,
  SuspendTenantDocument,
} from '../../client/index.ts';
import { confirm } from '../confirm.ts';
import type { Context } from '../context.ts';
import { ifRevisionOption } from '../if-revision.ts';
import { present } from '../present.ts';
import { answer, onServer, type ServerFlags } from '../server.ts';
import { tenantIdOf } from '../tenant-name.ts';
import { tellTenant } from './change.ts';

interface Flags extends ServerFlags {
  readonly ifRevision?: number;
  readonly yes?: boolean;
}

export function suspendCommand(context: Context): Command {
  const command = change('suspend', 'Take a tenant out of use for a while. Nothing is lost.');
  return onServer(context, command, async (client, flags: Flags, name: string) => {
    const { suspendTenant } = await client.mutate(SuspendTenantDocument, await variablesOf(client, flags, name));
    tellTenant(context, flags, 'suspended', suspendTenant);
  });
}

export function resumeCommand(context: Context): Command {
  const command = change('resume', 'Take a suspended or archived tenant into use again.');
  return onServer(context, command, async (client, flags: Flags, name: string) => {
    const { resumeTenant } = await client.mutate(ResumeTenantDocument, await variablesOf(client, flags, name));
    tellTenant(context, flags, 'resumed', resumeTenant);
  });
}

export function archiveCommand(context: Context): Command {
  const command = asking(change('archive', 'Take a tenant out of use for good. It can still be resumed.'));
  return onServer(context, command, async (client, flags: Flags, name: string) => {
    const variables = await variablesOf(client, flags, name);
    await confirmFor(context, client, flags, variables.id, 'goes out of use for good');
    const { archiveTenant } = await client.mutate(ArchiveTenantDocument, variables);
    tellTenant(context, flags, 'archived', archiveTenant);
  });
}

export function purgeCommand(context: Context): Command {
  const command = asking(change('purge', 'Remove a tenant without children, and all it owns. Nothing brings it back.'));
  return onServer(context, command, async (client, flags: Flags, name: string) => {
    const variables = await variablesOf(client, flags, name);
    await confirmFor(context, client, flags, variables.id, 'and all it owns will be gone, and nothing brings it back');
    const { purgeTenant } = await client.mutate(PurgeTenantDocument, variables);
    const { id, revision } = present(purgeTenant);
    answer(context, flags, purgeTenant, () => `purged ${id}, at revision ${revision}`);
  });
}

function change(name: string, description: string): Command {
  return ifRevisionOption(new Command(name)).description(description).argument('<tenant>', 'its id or slug');
}

function asking(command: Command): Command {
  return command.option('--yes', 'do it without asking');
}

async function variablesOf(client: Client, { ifRevision }: Flags, name: string) {
  return { id: await tenantIdOf(client, name), ifRevision: ifRevision ?? null };
}

/** Shows whom it concerns before asking: an id tells a person nothing. */
async function confirmFor(context: Context, client: Client, { yes }: Flags, id: string, fate: string): Promise<void> {
  if (yes) {
    return;
  }
  const { tenant } = await client.query(InspectTenantDocument, { id });
  const { name, ancestry_ltree, slug } = present(tenant);
  await confirm(context, { what: `${name} (${ancestry_ltree}) ${fate}.`, word: slug, yes });
}
