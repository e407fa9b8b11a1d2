import { sentenceOf } from '../failures.ts';
import type { Check, Finding, Patient } from './check.ts';
import { connection, migrations, postgresVersion, rowSecurity } from './database-checks.ts';
import { expiredKeys, staleKeys } from './key-checks.ts';
import { configuration, encryption, secretsKept } from './secret-checks.ts';
import { depth, inactiveParents, ledgerChain, orphans, paths } from './tree-checks.ts';
import { deadDeliveries, disabledWebhooks, lateDeliveries } from './webhook-checks.ts';

/** In this order: what others rest on comes first. */
const checks: readonly Check[] = [
  configuration,
  secretsKept,
  connection,
  postgresVersion,
  migrations,
  ledgerChain,
  paths,
  orphans,
  inactiveParents,
  depth,
  encryption,
  staleKeys,
  expiredKeys,
  disabledWebhooks,
  deadDeliveries,
  lateDeliveries,
  rowSecurity,
];

/** What came of a check. */
export interface Diagnosis {
  readonly name: string;
  readonly status: 'ok' | 'warning' | 'failure' | 'skipped';
  readonly detail: string;
  /** What to do; null when there is nothing to do. */
  readonly advice: string | null;
}

/** Makes every check, one after the other. Those behind an essential one that failed are skipped. */
export async function diagnose(patient: Patient): Promise<Diagnosis[]> {
  const diagnoses: Diagnosis[] = [];
  let failed: string | null = null;
  for (const check of checks) {
    const finding: Finding =
      failed === null ? await examine(check, patient) : { state: 'unknown', detail: `not examined: see ${failed}` };
    diagnoses.push(conclude(check, finding));
    if (check.essential && finding.state === 'bad') {
      failed = check.name;
    }
  }
  return diagnoses;
}

async function examine(check: Check, patient: Patient): Promise<Finding> {
  try {
    return await check.examine(patient);
  } catch (error) {
    return { state: 'bad', detail: sentenceOf(error) };
  }
}

function conclude({ name, level, advice }: Check, { state, detail }: Finding): Diagnosis {
  return state === 'bad'
    ? { name, status: level, detail, advice }
    : { name, status: state === 'good' ? 'ok' : 'skipped', detail, advice: null };
}
