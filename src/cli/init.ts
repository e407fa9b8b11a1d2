import { resolve } from 'node:path';
import { Command, Option } from 'commander';
import { type Context, ExitError, UsageError } from './context.ts';
import { integrationFor } from './init/integration.ts';
import { type Framework, frameworks, orms, packageManagers, readProject } from './init/project.ts';
import { askChoices, askReplacements, Cancelled, type Choices } from './init/questions.ts';
import { jsonReport, type Plan, textReport } from './init/report.ts';
import { settings } from './init/settings.ts';
import { type Change, planChanges, planSettings, writeChanges } from './init/write-files.ts';

interface Flags extends Partial<Choices> {
  readonly framework?: Framework;
  readonly yes?: boolean;
  readonly force?: boolean;
  readonly dryRun?: boolean;
  readonly json?: boolean;
}

/** `stratum init`: adds what a project needs to know the tenant of its requests. Asks before it replaces anything. */
export function initCommand(context: Context): Command {
  return new Command('init')
    .description(
      'Add a small, working integration to the project of a folder: files of its own, and the lines to use them.',
    )
    .argument('[folder]', 'the folder with its package.json', '.')
    .addOption(new Option('--framework <name>', 'what serves requests').choices(frameworks))
    .addOption(new Option('--orm <name>', 'what speaks to the database').choices(orms))
    .addOption(new Option('--package-manager <name>', 'what installs packages').choices(packageManagers))
    .option('-y, --yes', 'ask nothing: take what was found')
    .option('--force', 'replace files that are there and differ')
    .option('--dry-run', 'change nothing: say what would be done')
    .option('--json', 'print what was done as JSON')
    .action((folder: string, flags: Flags) => init(context, resolve(folder), flags));
}

async function init({ print, note }: Context, folder: string, flags: Flags): Promise<void> {
  const { dryRun = false, json = false } = flags;
  try {
    const plan = await planFor(folder, flags);
    if (!dryRun) {
      await writeChanges(folder, plan.changes);
    }
    (json ? [jsonReport(plan, dryRun)] : textReport(plan, dryRun)).forEach(print);
  } catch (error) {
    if (!(error instanceof Cancelled)) {
      throw error;
    }
    note('stratum: cancelled, nothing was changed');
    throw new ExitError(1);
  }
}

async function planFor(folder: string, flags: Flags): Promise<Plan> {
  const asks = !flags.yes && !flags.json && process.stdin.isTTY && process.stdout.isTTY;
  const found = await readProject(folder);
  const project = { ...found, ...(asks ? await askChoices(found, flags) : said(flags)) };
  const { framework } = project;
  if (framework === null) {
    throw new UsageError(
      `${folder} has no framework that is known: say which by --framework (${frameworks.join(', ')})`,
    );
  }
  const { files, use } = integrationFor(project, framework);
  const planned = [...(await planChanges(folder, files)), await planSettings(folder, '.env.example', settings)];
  const changes = await allowed(planned, { asks, force: flags.force ?? false });
  return { project: { ...project, framework }, use, changes };
}

function said({ framework, orm, packageManager }: Flags): Partial<Choices> {
  return { ...(framework && { framework }), ...(orm && { orm }), ...(packageManager && { packageManager }) };
}

/** Nobody's file is replaced unless they say so. */
async function allowed(
  changes: readonly Change[],
  { asks, force }: { readonly asks: boolean; readonly force: boolean },
): Promise<readonly Change[]> {
  if (asks && !force) {
    return askReplacements(changes);
  }
  const replaced = changes.filter(({ action }) => action === 'replace').map(({ path }) => path);
  if (replaced.length > 0 && !force) {
    throw new Error(`nothing was changed: ${replaced.join(', ')} would be replaced; say --force if that is meant`);
  }
  return changes;
}
