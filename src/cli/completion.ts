import { Argument, Command } from 'commander';
import { type CommandWords, scripts } from './completion/scripts.ts';
import type { Context } from './context.ts';

const shells = ['bash', 'zsh', 'fish'] as const;

/** `stratum completion`: a script for a shell, made of the very commands and options this version has. */
export function completionCommand({ print }: Context): Command {
  return new Command('completion')
    .description('Print what makes a shell complete the commands and options: source <(stratum completion bash)')
    .addArgument(new Argument('<shell>', 'the shell').choices(shells))
    .action((shell: (typeof shells)[number], _flags: object, command: Command) => {
      print(scripts[shell](wordsOf(rootOf(command))));
    });
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}

/** What can follow each command, the commands above it first. */
function wordsOf(command: Command, above: readonly string[] = []): CommandWords[] {
  const path = [...above, command.name()];
  const { visibleCommands, visibleOptions, visibleArguments } = visibleParts(command);
}
