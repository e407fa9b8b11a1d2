import { Command } from 'commander';
import { CancelledError, type Client, GetHomeDocument, type SubscriptionStatus } from '../../client/index.ts';
import { toLimit, toList } from '../arguments.ts';
import type { Context } from '../context.ts';
import { jsonText } from '../harmless.ts';
import { onServer, type ServerFlags } from '../server.ts';
import { tenantIdOf } from '../tenant-name.ts';
import { lineOf } from './line.ts';
import { readEvents, type Told } from './read.ts';
import { stopOnSignal } from './stop-on-signal.ts';

interface Flags extends ServerFlags {
  readonly subtree?: boolean;
  readonly types?: readonly string[];
  readonly since?: string;
  readonly follow: boolean;
  readonly count?: number;
}

export function tailCommand(context: Context): Command {
  const command = new Command('tail')
    .description('Print what happens to a tenant as it is committed, without gap or repeat. Ctrl+C ends it.')
    .argument('[tenant]', "its id or slug; unless told the key's own, or what belongs to the whole installation")
    .option('--subtree', 'and to everything below it')
    .option('--types <list>', 'only events of these types, separated by commas', toList)
    .option('--since <place>', 'first what happened since: a cursor that was printed, or a revision')
    .option('--no-follow', 'end when all that has happened is told')
    .option('--count <number>', 'end after so many events', toLimit);
  return onServer(context, command, async (client, flags: Flags, name: string | undefined) => {
    const tenantId = name === undefined ? await homeOf(client) : await tenantIdOf(client, name);
    using stop = stopOnSignal();
    const { subtree = false, types, since, follow } = flags;
    const asked = { tenantId, subtree, types: types ? [...types] : null };
    const onStatus = flags.json ? undefined : tellsStatus(context);
    const events = readEvents(client, asked, { since, follow, signal: stop.signal, onStatus });
    await print(context, flags, untilStopped(events, stop.signal));
  });
}

async function homeOf(client: Client): Promise<string | null> {
  const { viewer } = await client.query(GetHomeDocument, {});
  return viewer?.home?.id ?? null;
}

/** Every line for programs has its own cursor; a person is told the last one. */
async function print(context: Context, { json, count }: Flags, events: AsyncIterable<Told>): Promise<void> {
  let last: string | null = null;
  let left = count ?? Number.POSITIVE_INFINITY;
  const lines = async function* () {
    for await (const told of events) {
      last = told.cursor;
      left -= 1;
      yield json ? jsonText(told) : lineOf(context.terminal, told.event);
      if (left === 0) {
        return;
      }
    }
  };
  await context.terminal.sayAll(lines());
  if (last !== null && !json) {
    context.note(`to go on from here: --since ${last}`);
  }
}

async function* untilStopped(events: AsyncIterable<Told>, signal: AbortSignal): AsyncGenerator<Told> {
  try {
    yield* events;
  } catch (error) {
    if (!(signal.aborted && error instanceof CancelledError)) {
      throw error;
    }
  }
}

function tellsStatus({ note }: Context): (status: SubscriptionStatus) => void {
  let wasLost = false;
  return ({ state, reason }) => {
    if (state === 'disconnected' && !wasLost) {
      note(`stratum: ${reason?.message ?? 'the connection is lost'}; it is tried again`);
    } else if (state === 'connected' && wasLost) {
      note('stratum: connected again, nothing is missed');
    }
    wasLost = state === 'disconnected';
  };
}
