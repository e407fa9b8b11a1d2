import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { Command } from 'commander';
import { isServerNamed } from '../connection.ts';
import { type Context, UsageError } from '../context.ts';
import { type Door, type ServerFlags, serverOptions, withServer } from '../server.ts';

export interface DoorFlags extends ServerFlags {
  readonly database?: boolean;
}

export function doorOptions(command: Command): Command {
  return serverOptions(command).option('--database', 'past every server, even where one is named');
}

/**
 * Through the server that is named by an option, the environment or a file. Where none is, on the database itself: so an installation
 * gets its first key, by whoever may write to it.
 */
export async function withDoor(context: Context, flags: DoorFlags, work: (door: Door) => Promise<void>): Promise<void> {
  if (flags.database && (flags.url ?? flags.apiKey) !== undefined) {
    throw new UsageError('--database goes past every server: leave --url and --api-key out');
  }
  if (!flags.database && (await isServerNamed(context.env, flags))) {
    return withServer(context, flags, work);
  }
  // Half the server: whoever asks a running one doesn't wait for it.
  const { withInstallation } = await import('../installation.ts');
  const { runOperation } = await import('../../graphql/run.ts');
  await withInstallation(context, (installation) => {
    const run = <Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data> =>
      // The variables of an operation are an object, whatever their type is called.
      runOperation(installation.context(), document as TypedDocumentNode<Data, Named>, variables as Named);
    return work({ query: run, mutate: run });
  });
}

type Named = Record<string, unknown>;
