import { Command, InvalidArgumentError } from 'commander';
import { type Resealed, reseal } from '../domain/config/reseal.ts';
import { isUuid } from '../domain/validation.ts';
import { runOperation } from '../graphql/run.ts';
import {
  CreateApiKeyDocument,
  type CreateApiKeyMutation,
  FindTenantBySlugDocument,
  ListApiKeysDocument,
  type ListApiKeysQuery,
  type ListApiKeysQueryVariables,
  type RestApiKeyFragment,
  RevokeApiKeyDocument,
  RotateApiKeyDocument,
  type Scope,
} from '../operations/generated/graphql.ts';
import { type Context, ExitError } from './context.ts';
import { type Installation, withInstallation } from './installation.ts';

/** `stratum keys`: works on the database itself, so that an installation gets its first key without SQL. */
export function keysCommand(context: Context): Command {
  return new Command('keys')
    .description('Issue, list, rotate and revoke API keys, on the database itself.')
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(rotateCommand(context))
    .addCommand(revokeCommand(context))
    .addCommand(rotateEncryptionCommand(context));
}

interface Shown {
  readonly json?: boolean;
}

interface CreateFlags extends Shown {
  readonly name?: string;
  readonly tenant?: string;
  readonly scopes: readonly Scope[];
  readonly expires?: string;
  readonly rateLimit?: number;
  readonly rateWindow?: string;
}

function createCommand(context: Context): Command {
  return new Command('create')
    .description('Issue a key and print it, once.')
    .option('--name <text>', 'what people call it')
    .option('--tenant <id or slug>', 'the tenant where it is at home; the whole installation unless told')
    .option('--scopes <list>', 'what it may do: read, write, admin', toScopes, ['read', 'write'])
    .option('--expires <when>', 'when it ends by itself: a date, or a time from now such as 90d', toMoment)
    .option('--rate-limit <requests>', 'how many requests it may send in --rate-window', toCount)
    .option('--rate-window <span>', 'such as "1 minute"')
    .option('--json', 'print the answer as JSON')
    .action((flags: CreateFlags) =>
      withInstallation(context, async (installation) => {
        const input = {
          tenantId: flags.tenant === undefined ? null : await tenantIdOf(installation, flags.tenant),
          scopes: [...flags.scopes],
          name: flags.name ?? null,
          expiresAt: flags.expires ?? null,
          rateLimitMax: flags.rateLimit ?? null,
          rateLimitWindow: flags.rateWindow ?? null,
        };
        const { issued } = await runOperation(installation.context(), CreateApiKeyDocument, { input });
        tellIssued(context, issued, flags);
      }),
    );
}

function listCommand(context: Context): Command {
  return new Command('list')
    .description('List keys, newest first, those that have ended included.')
    .option('--tenant <id or slug>', 'only keys of exactly this tenant')
    .option('--json', 'print the keys as JSON')
    .action((flags: Shown & { readonly tenant?: string }) =>
      withInstallation(context, async (installation) => {
        const tenantId = flags.tenant === undefined ? null : await tenantIdOf(installation, flags.tenant);
        const keys = await allKeys(installation, tenantId);
        if (flags.json) {
          context.print(JSON.stringify({ keys }));
          return;
        }
        for (const line of tableOf(keys)) {
          context.print(line);
        }
      }),
    );
}

interface RotateFlags extends Shown {
  readonly name?: string;
  readonly overlap?: number;
}

function rotateCommand(context: Context): Command {
  return new Command('rotate')
    .description('Issue a key in place of another, with its scopes, role, limits and expiry.')
    .argument('<id>', 'the id of the key', toUuid)
    .option('--name <text>', 'the name of the new key')
    .option('--overlap <seconds>', 'how long the old key works beside the new one; not at all unless told', toCount)
    .option('--json', 'print the answer as JSON')
    .action((id: string, flags: RotateFlags) =>
      withInstallation(context, async (installation) => {
        const variables = { id, name: flags.name ?? null, overlapSeconds: flags.overlap ?? null };
        const { issued } = await runOperation(installation.context(), RotateApiKeyDocument, variables);
        tellIssued(context, issued, flags);
      }),
    );
}

function revokeCommand(context: Context): Command {
  return new Command('revoke')
    .description('End a key for good.')
    .argument('<id>', 'the id of the key', toUuid)
    .action((id: string) =>
      withInstallation(context, async (installation) => {
        await runOperation(installation.context(), RevokeApiKeyDocument, { id });
        context.print(`revoked ${id}`);
      }),
    );
}

function rotateEncryptionCommand(context: Context): Command {
  return new Command('rotate-encryption')
    .description(
      'Encrypt everything anew with STRATUM_ENCRYPTION_KEY; STRATUM_ENCRYPTION_KEY_PREVIOUS opens what is there. May be stopped and repeated.',
    )
    .option('--json', 'print the numbers as JSON')
    .action((flags: Shown) =>
      withInstallation(context, async (installation) => {
        tellResealed(context, await reseal(installation.context().call), flags);
      }),
    );
}

/** What could not be read is a failure, which no other output may hide. */
function tellResealed(
  { print, note }: Context,
  { entries, answers, webhookSecrets, unreadable }: Resealed,
  { json }: Shown,
): void {
  print(
    json
      ? JSON.stringify({
          config_entries: entries,
          idempotency_keys: answers,
          webhook_secrets: webhookSecrets,
          unreadable,
        })
      : `encrypted anew: ${entries} in config_entries, ${answers} in idempotency_keys, ${webhookSecrets} in webhook_secrets`,
  );
  if (unreadable > 0) {
    note(
      `stratum: no key opens ${unreadable} more, which stay as they are: set STRATUM_ENCRYPTION_KEY_PREVIOUS to the key they were encrypted with, and repeat`,
    );
    throw new ExitError(1);
  }
}

type Issued = CreateApiKeyMutation['issued'];

/** The key alone goes to standard output, so that a script can keep it. */
function tellIssued({ print, note }: Context, issued: Issued, { json }: Shown): void {
  if (issued === null) {
    throw new Error('the key was not issued');
  }
  const { plaintext_key, apiKey } = issued;
  if (json) {
    print(JSON.stringify({ ...apiKey, plaintext_key }));
    return;
  }
  note(`key ${apiKey.id} with the scopes ${apiKey.scopes.join(', ')}; it is shown this once:`);
  print(plaintext_key);
}

async function tenantIdOf(installation: Installation, name: string): Promise<string> {
  if (isUuid(name)) {
    return name.toLowerCase();
  }
  const { tenantBySlug } = await runOperation(installation.context(), FindTenantBySlugDocument, { slug: name });
  return tenantBySlug?.id ?? '';
}

async function allKeys(installation: Installation, tenantId: string | null): Promise<RestApiKeyFragment[]> {
  const keys: RestApiKeyFragment[] = [];
  for (let cursor: string | null = null, more = true; more; ) {
    const variables: ListApiKeysQueryVariables = { limit: 100, cursor, tenantId };
    const { apiKeys }: ListApiKeysQuery = await runOperation(installation.context(), ListApiKeysDocument, variables);
    keys.push(...((apiKeys?.nodes ?? []) as RestApiKeyFragment[])); // the fragment is all that is selected of them
    more = apiKeys?.pageInfo.hasNextPage ?? false;
    cursor = apiKeys?.pageInfo.endCursor ?? null;
  }
  return keys;
}

function tableOf(keys: readonly RestApiKeyFragment[]): string[] {
  if (keys.length === 0) {
    return ['no keys'];
  }
  const rows = keys.map((key) => [
    key.id,
    stateOf(key),
    key.scopes.join(','),
    key.tenant_id ?? 'installation',
    key.last_used_at === null ? 'never' : new Date(key.last_used_at).toISOString().slice(0, 16),
    key.name ?? '',
  ]);
  const all = [['ID', 'STATE', 'SCOPES', 'HOME', 'LAST USED', 'NAME'], ...rows];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((row) => row[column]?.length ?? 0))) ?? [];
  return all.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column] ?? 0))
      .join('  ')
      .trimEnd(),
  );
}

function stateOf({ revoked_at, expires_at }: RestApiKeyFragment): string {
  const hasExpired = expires_at !== null && new Date(expires_at).getTime() <= Date.now();
  return revoked_at === null ? (hasExpired ? 'expired' : 'active') : 'revoked';
}

const scopes: readonly string[] = ['read', 'write', 'admin'];

function toScopes(text: string): Scope[] {
  const list = text.split(',').map((one) => one.trim());
  if (!list.every((one) => scopes.includes(one))) {
    throw new InvalidArgumentError('Scopes are read, write and admin, separated by commas.');
  }
  return list as Scope[]; // just checked
}

/** As ISO 8601, which the operation wants. */
function toMoment(text: string): string {
  const [, count = '', unit = ''] = /^(\d{1,5})([hdw])$/.exec(text) ?? [];
  const hours = { h: 1, d: 24, w: 168 }[unit];
  const moment = hours === undefined ? dateOf(text) : new Date(Date.now() + Number(count) * hours * 3_600_000);
  if (Number.isNaN(moment.getTime())) {
    throw new InvalidArgumentError('A date such as 2027-01-31, or a time from now such as 12h, 90d or 4w.');
  }
  return moment.toISOString();
}

const isoDate = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2}(\.\d{1,3})?)?(Z|[+-]\d{2}:\d{2}))?$/;

/** `Date` alone takes 2027-02-30 for a day in March, and "90" for a year; such a date is none. */
function dateOf(text: string): Date {
  const day = new Date(`${text.slice(0, 10)}T00:00:00Z`);
  const isDay = isoDate.test(text) && !Number.isNaN(day.getTime()) && day.toISOString().startsWith(text.slice(0, 10));
  return new Date(isDay ? text : Number.NaN);
}

function toCount(text: string): number {
  if (!/^\d{1,9}$/.test(text)) {
    throw new InvalidArgumentError('A whole number.');
  }
  return Number(text);
}

function toUuid(text: string): string {
  if (!isUuid(text)) {
    throw new InvalidArgumentError('A key is named by its id, a UUID.');
  }
  return text.toLowerCase();
}
