import type { Config } from '../../config.ts';
import type { Database } from '../../db/database.ts';
import { Prisma } from '../../db/generated/prisma/client.ts';
import type { SecretBox } from '../../domain/secrets.ts';
import { count } from '../count.ts';

/** What is examined: nothing of it is changed. */
export interface Patient {
  /** Runs one statement; fails when there is no database. */
  readonly query: Database['query'];
  /** What the environment says; null while it is wrong. */
  readonly config: Config | null;
  readonly configProblems: readonly string[];
  /** Opens what the keys of the environment have sealed; null where there is no key. */
  readonly secrets: SecretBox | null;
}

/** One question to an installation, answered by one statement at most. */
export interface Check {
  /** Stable, for programs. */
  readonly name: string;
  /** How bad it is when something is found. */
  readonly level: 'failure' | 'warning';
  /** Whether the checks behind it have no meaning when it fails. */
  readonly essential?: boolean;
  /** What to do when something is found. */
  readonly advice: string;
  examine(patient: Patient): Promise<Finding>;
}

/** Good, not good, or not to be told; and what was seen, in words. */
export interface Finding {
  readonly state: 'good' | 'bad' | 'unknown';
  readonly detail: string;
}

export function good(detail: string): Finding {
  return { state: 'good', detail };
}

export function bad(detail: string): Finding {
  return { state: 'bad', detail };
}

export function unknown(detail: string): Finding {
  return { state: 'unknown', detail };
}

interface Found {
  readonly count: number;
  readonly examples: readonly string[] | null;
}

/** An examination that is good when a statement gives no row: no noun with this fault. The column `id` names what has it. */
export function none(noun: string, fault: string, rows: Prisma.Sql): Check['examine'] {
  return async ({ query }) => {
    const [found] = await query<Found>(Prisma.sql`
      select count(*)::int as count, (array_agg(id order by id))[1:3] as examples from (${rows}) found`);
    const { count: number = 0, examples } = found ?? {};
    const words = `${count(number, noun)} ${fault}`;
    return number === 0 ? good(words) : bad(`${words}: ${(examples ?? []).join(', ')}${number > 3 ? ', …' : ''}`);
  };
}
