import { Command } from 'commander';
import type { Resealed } from '../../domain/config/reseal.ts';
import { type Context, ExitError } from '../context.ts';

interface Shown {
  readonly json?: boolean;
}

/** On the database itself: a server that is running knows its keys from when it was started. */
export function rotateEncryptionCommand(context: Context): Command {
  return new Command('rotate-encryption')
    .description(
      'Encrypt everything anew with STRATUM_ENCRYPTION_KEY; STRATUM_ENCRYPTION_KEY_PREVIOUS opens what is there. May be stopped and repeated.',
    )
    .option('--json', 'print the numbers as JSON')
    .action(async (flags: Shown) => {
      const { reseal } = await import('../../domain/config/reseal.ts');
      const { withInstallation } = await import('../installation.ts');
      await withInstallation(context, async (installation) => {
        tellResealed(context, await reseal(installation.context().call), flags);
      });
    });
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
