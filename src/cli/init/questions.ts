import { confirm, isCancel, select } from '@clack/prompts';
import { type Framework, frameworks, type Orm, orms, type PackageManager, packageManagers } from './project.ts';
import type { Change } from './write-files.ts';

/** What a person decides; the rest follows. Null where neither the project nor anybody has said it. */
export interface Choices {
  readonly framework: Framework | null;
  readonly orm: Orm;
  readonly packageManager: PackageManager;
}

/** Ctrl+C at a question. */
export class Cancelled extends Error {
  override readonly name = 'Cancelled';
}

/** Asks what was not said by options; what was found is the answer that waits. */
export async function askChoices(found: Choices, said: Partial<Choices>): Promise<Choices> {
  const framework =
    said.framework ?? (await choose('Which framework serves your requests?', frameworks, found.framework));
  const orm = said.orm ?? (await choose('What speaks to your database?', orms, found.orm));
  const packageManager =
    said.packageManager ?? (await choose('What installs your packages?', packageManagers, found.packageManager));
  return { framework, orm, packageManager };
}

/** The changes that a person wants: each file that would be replaced is asked for. */
export async function askReplacements(changes: readonly Change[]): Promise<Change[]> {
  const wanted: Change[] = [];
  for (const change of changes) {
    const message = `${change.path} is there already, and differs. Replace it?`;
    if (change.action !== 'replace' || answered(await confirm({ message, initialValue: false }))) {
      wanted.push(change);
    }
  }
  return wanted;
}

async function choose<Value extends string>(
  message: string,
  values: readonly Value[],
  found: Value | null,
): Promise<Value> {
  const options = values.map((value) => ({ value: value as string, label: value }));
  const chosen = answered(await select({ message, options, ...(found === null ? {} : { initialValue: found }) }));
  return chosen as Value; // one of the options
}

function answered<Answer>(answer: Answer | symbol): Answer {
  if (isCancel(answer)) {
    throw new Cancelled();
  }
  return answer as Answer; // the only symbol there is says that it was cancelled
}
