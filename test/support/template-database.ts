import { randomBytes } from 'node:crypto';
import { inject } from 'vitest';
import type { TestProject } from 'vitest/node';
import { migrate } from '../../src/db/migrate.ts';
import { createDatabase, databaseNameOf, databasesNamed, dropDatabase, openScratchServer } from './scratch-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A server to make databases on. */
    serverUrl: string;
    /** A migrated, empty database that nobody connects to, so that it can be cloned. */
    templateUrl: string;
  }
}

/** A database of one's own. */
export interface ScratchDatabase {
  readonly url: string;
  drop(): Promise<void>;
}

/** Runs once before the integration tests and makes the one database that all of them clone. Nothing stays behind. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const server = await openScratchServer();
  const prefix = `stratum_test_${randomBytes(4).toString('hex')}`;
  const teardown = () => dropAll(server.url, prefix).finally(() => server.stop());
  try {
    const template = await createDatabase(server.url, `${prefix}_template`);
    await migrate(template);
    project.provide('serverUrl', server.url);
    project.provide('templateUrl', template);
    return teardown;
  } catch (error) {
    await teardown();
    throw error;
  }
}

/** A copy of the migrated template, made in milliseconds. Call `drop` in `afterAll`. */
export function cloneDatabase(): Promise<ScratchDatabase> {
  return scratchDatabase(databaseNameOf(inject('templateUrl')));
}

/** A database without anything in it, for tests of what fills it. */
export function emptyDatabase(): Promise<ScratchDatabase> {
  return scratchDatabase('template0');
}

async function scratchDatabase(template: string): Promise<ScratchDatabase> {
  const server = inject('serverUrl');
  const name = databaseNameOf(inject('templateUrl')).replace('template', randomBytes(6).toString('hex'));
  const url = await createDatabase(server, name, template);
  return { url, drop: () => dropDatabase(server, name) };
}

async function dropAll(server: string, prefix: string): Promise<void> {
  for (const name of await databasesNamed(server, prefix)) {
    await dropDatabase(server, name);
  }
}
