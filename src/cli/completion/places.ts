import type { Command, Option } from 'commander';

/** A word that can come next. */
export interface Word {
  readonly word: string;
  readonly description: string;
}

/** A point on the command line, and what can follow it. */
export interface Place {
  /** The words that lead there: `stratum keys create`. */
  readonly path: string;
  readonly commands: readonly Word[];
  readonly options: readonly CompletedOption[];
  /** The values that the arguments may have, where they are few. */
  readonly values: readonly string[];
}

export interface CompletedOption {
  /** `-j` and `--json`. */
  readonly names: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
  /** The values it may have, where they are few. */
  readonly values: readonly string[];
}

/** Every point of a program, from the top down. */
export function placesOf(command: Command, above = ''): Place[] {
  const path = `${above} ${command.name()}`.trimStart();
  const help = command.createHelp();
  const commands = help.visibleCommands(command);
  const place = {
    path,
    commands: commands.map((one) => ({ word: one.name(), description: firstSentence(one.description()) })),
    options: help.visibleOptions(command).map(completed),
    values: command.registeredArguments.flatMap(({ argChoices }) => argChoices ?? []),
  };
  return [place, ...commands.flatMap((one) => placesOf(one, path))];
}

function completed({ short, long, description, required, optional, argChoices }: Option): CompletedOption {
  return {
    names: [short, long].filter((name) => name !== undefined),
    description: firstSentence(description),
    takesValue: required || optional,
    values: argChoices ?? [],
  };
}

function firstSentence(text: string): string {
  return text.replace(/[.;:] .*$|\.$/s, '');
}
