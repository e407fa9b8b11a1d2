import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import type { Command } from 'commander';
import { type Client, createClient } from '../client/index.ts';
import { type ConnectionFlags, findConnection, localUrl } from './connection.ts';
import type { Context } from './context.ts';
import { harmless, jsonText } from './harmless.ts';

/** What every command takes that asks a server. */
export interface ServerFlags extends ConnectionFlags {
  readonly json?: boolean;
}

/** Executes stored operations: a server does, or this process on the database itself. */
export interface Door {
  query<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data>;
  mutate<Data, Variables>(document: TypedDocumentNode<Data, Variables>, variables: Variables): Promise<Data>;
}

/** Makes a command one that asks a server: adds the options that say which, and `--json`. */
export function onServer<Flags extends ServerFlags, Args extends readonly unknown[]>(
  context: Context,
  command: Command,
  work: (client: Client, flags: Flags, ...args: Args) => Promise<void>,
): Command {
  return serverOptions(command).action(async () => {
    const flags = command.opts<Flags>();
    const args = command.processedArgs as unknown as Args; // commander has checked how many there are
    await withServer(context, flags, (client) => work(client, flags, ...args));
  });
}

export function serverOptions(command: Command): Command {
  return command
    .option('--url <url>', `where Stratum answers (STRATUM_URL; ${localUrl} unless told)`)
    .option('--api-key <key>', 'the key to ask with (STRATUM_API_KEY)')
    .option('--json', 'print the answer as JSON');
}

/** Connects for as long as the work takes. */
export async function withServer(
  { env }: Context,
  flags: ConnectionFlags,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  using client = createClient(await findConnection(env, flags));
  await work(client);
}

/** The answer of a command: all of it for a program, or as a person wants to read it. A sentence is made harmless here, lines are already. */
export function answer(
  { print }: Context,
  { json }: ServerFlags,
  data: unknown,
  lines: () => string | readonly string[],
): void {
  const said = json ? jsonText(data) : lines();
  for (const line of typeof said === 'string' ? [harmless(said)] : said) {
    print(line);
  }
}
