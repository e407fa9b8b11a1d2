import type { Terminal } from '../../src/cli/terminal.ts';
import {
  ApiError,
  type Client,
  CreateDemoPermissionDocument,
  CreateDemoTenantDocument,
  type DemoTenantFragment,
  FindDemoTenantDocument,
  SetDemoConfigDocument,
  UpdateDemoPermissionDocument,
} from '../../src/client/index.ts';
import type { Actor, ConfigStep, PermissionStep } from './quick-start.ts';
import { show } from './tree.ts';

/** A step that must be refused was not, or was for another reason. */
export class DemoError extends Error {
  override readonly name = 'DemoError';
}

/** Who plays where. */
export interface Stage {
  readonly client: Client;
  readonly terminal: Terminal;
}

type Outcome = 'done' | 'as before';

/** Brings every tenant into the state the quick start describes. What is there already stays: playing again changes nothing. */
export async function play(stage: Stage, actors: readonly Actor[]): Promise<void> {
  const ids = new Map<string, string>();
  for (const actor of actors) {
    const tenant = await enter(stage, actor, actor.above === null ? null : (ids.get(actor.above) ?? null));
    ids.set(actor.slug, tenant.id);
    for (const step of actor.config ?? []) {
      await perform(stage, step.refused, `${configText(step)} at ${tenant.name}`, () => setConfig(stage, tenant, step));
    }
    for (const step of actor.permissions ?? []) {
      await perform(stage, step.refused, `${permissionText(step)} at ${tenant.name}`, () => grant(stage, tenant, step));
    }
  }
}

async function enter(
  { client, terminal }: Stage,
  { slug, name, above }: Actor,
  parentId: string | null,
): Promise<DemoTenantFragment> {
  const found = await findTenant(client, slug);
  report(terminal, found === null ? 'done' : 'as before', `tenant ${name}${above === null ? ', a root' : ''}`);
  if (found !== null) {
    return found;
  }
  const { createTenant } = await client.mutate(CreateDemoTenantDocument, { input: { slug, name, parentId } });
  if (createTenant === null) {
    throw new DemoError(`tenant ${name} was not created, and nobody said why`);
  }
  return createTenant;
}

async function findTenant(client: Client, slug: string): Promise<DemoTenantFragment | null> {
  try {
    return (await client.query(FindDemoTenantDocument, { slug })).tenantBySlug;
  } catch (error) {
    if (error instanceof ApiError && error.code === 'TENANT_NOT_FOUND') {
      return null;
    }
    throw error;
  }
}

/** Does a step and says how it went; a refusal that belongs to the play is shown, any other ends it. */
async function perform(
  { terminal }: Stage,
  refused: string | undefined,
  text: string,
  step: () => Promise<Outcome>,
): Promise<void> {
  try {
    report(terminal, await step(), text);
  } catch (error) {
    if (!(error instanceof ApiError) || error.code !== refused) {
      throw error;
    }
    terminal.say(`  ${terminal.paint('red', '✗')} ${text}`);
    terminal.say(
      `    ${terminal.paint('dim', 'refused, as it should be:')} ${terminal.paint('yellow', error.code)} ${terminal.paint('dim', error.message)}`,
    );
    return;
  }
  if (refused !== undefined) {
    throw new DemoError(`${text} should have been refused with ${refused}, but was accepted`);
  }
}

async function setConfig(
  { client }: Stage,
  tenant: DemoTenantFragment,
  { refused: _, ...input }: ConfigStep,
): Promise<Outcome> {
  const entry = tenant.config.find(({ key }) => key === input.key);
  const { locked = false, sensitive = false } = input;
  const sameValue = sensitive || JSON.stringify(entry?.value) === JSON.stringify(input.value);
  if (entry?.locked === locked && entry.sensitive === sensitive && sameValue) {
    return 'as before';
  }
  await client.mutate(SetDemoConfigDocument, { tenantId: tenant.id, input });
  return 'done';
}

async function grant(
  { client }: Stage,
  tenant: DemoTenantFragment,
  { refused: _, ...input }: PermissionStep,
): Promise<Outcome> {
  const { key, ...wanted } = input;
  const policy = tenant.permissions.find((own) => own.key === key);
  if (policy === undefined) {
    await client.mutate(CreateDemoPermissionDocument, { tenantId: tenant.id, input });
    return 'done';
  }
  const { value, mode, revocationMode } = policy;
  if (
    JSON.stringify(value) === JSON.stringify(wanted.value) &&
    mode === wanted.mode &&
    revocationMode === wanted.revocationMode
  ) {
    return 'as before';
  }
  await client.mutate(UpdateDemoPermissionDocument, { id: policy.id, input: wanted });
  return 'done';
}

function report({ say, paint }: Terminal, outcome: Outcome, text: string): void {
  say(outcome === 'done' ? `  ${paint('green', '✓')} ${text}` : `  ${paint('dim', `· ${text} (there already)`)}`);
}

function configText({ key, value, locked = false, sensitive = false }: ConfigStep): string {
  return `config ${key} = ${show(value, sensitive === true)}${locked ? ', locked' : ''}${sensitive ? ', sensitive' : ''}`;
}

function permissionText({ key, value, mode, revocationMode }: PermissionStep): string {
  return `permission ${key} = ${show(value)}, ${mode}, ${revocationMode}`;
}
