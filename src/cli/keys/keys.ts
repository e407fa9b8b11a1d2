import { Command } from 'commander';
import { CreateApiKeyDocument, RevokeApiKeyDocument, RotateApiKeyDocument, type Scope } from '../../client/index.ts';
import { toCount, toMoment, toUuid } from '../arguments.ts';
import type { Context } from '../context.ts';
import { answer } from '../server.ts';
import { tenantIdOrNull } from '../tenant-name.ts';
import { type DoorFlags, doorOptions, withDoor } from './door.ts';
import { listCommand } from './list.ts';
import { rotateEncryptionCommand } from './rotate-encryption.ts';
import { toScopes } from './scopes.ts';
import { tellIssued } from './tell-issued.ts';

/** `stratum keys`: through a server, or on the database itself, so that an installation gets its first key without SQL. */
export function keysCommand(context: Context): Command {
  return new Command('keys')
    .description(
      'Issue, list, rotate and revoke API keys: through the server that --url, STRATUM_URL or a file names, else on the database itself.',
    )
    .addCommand(createCommand(context))
    .addCommand(listCommand(context))
    .addCommand(rotateCommand(context))
    .addCommand(revokeCommand(context))
    .addCommand(rotateEncryptionCommand(context));
}

interface CreateFlags extends DoorFlags {
  readonly name?: string;
  readonly tenant?: string;
  readonly scopes: readonly Scope[];
  readonly expires?: string;
  readonly rateLimit?: number;
  readonly rateWindow?: string;
}

function createCommand(context: Context): Command {
  const command = new Command('create')
    .description('Issue a key and print it, once.')
    .option('--name <text>', 'what people call it')
    .option('--tenant <tenant>', 'the tenant where it is at home; the whole installation unless told')
    .option('--scopes <list>', 'what it may do: read, write, admin', toScopes, ['read', 'write'])
    .option('--expires <when>', 'when it ends by itself: a date, or a time from now such as 90d', toMoment)
    .option('--rate-limit <requests>', 'how many requests it may send in --rate-window', toCount)
    .option('--rate-window <span>', 'such as "1 minute"');
  return doorOptions(command).action((flags: CreateFlags) =>
    withDoor(context, flags, async (door) => {
      const input = {
        tenantId: await tenantIdOrNull(door, flags.tenant),
        scopes: [...flags.scopes],
        name: flags.name ?? null,
        expiresAt: flags.expires ?? null,
        rateLimitMax: flags.rateLimit ?? null,
        rateLimitWindow: flags.rateWindow ?? null,
      };
      const { issued } = await door.mutate(CreateApiKeyDocument, { input });
      tellIssued(context, issued, flags);
    }),
  );
}

interface RotateFlags extends DoorFlags {
  readonly name?: string;
  readonly overlap?: number;
}

function rotateCommand(context: Context): Command {
  const command = new Command('rotate')
    .description('Issue a key in place of another, with its scopes, role, limits and expiry.')
    .argument('<id>', 'the id of the key', toUuid)
    .option('--name <text>', 'the name of the new key')
    .option('--overlap <seconds>', 'how long the old key works beside the new one; not at all unless told', toCount);
  return doorOptions(command).action((id: string, flags: RotateFlags) =>
    withDoor(context, flags, async (door) => {
      const variables = { id, name: flags.name ?? null, overlapSeconds: flags.overlap ?? null };
      const { issued } = await door.mutate(RotateApiKeyDocument, variables);
      tellIssued(context, issued, flags);
    }),
  );
}

function revokeCommand(context: Context): Command {
  const command = new Command('revoke')
    .description('End a key for good.')
    .argument('<id>', 'the id of the key', toUuid);
  return doorOptions(command).action((id: string, flags: DoorFlags) =>
    withDoor(context, flags, async (door) => {
      await door.mutate(RevokeApiKeyDocument, { id });
      answer(context, flags, { id }, () => `revoked ${id}`);
    }),
  );
}
