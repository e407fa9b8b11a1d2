import { Argument, Command } from 'commander';
import { bashScript, zshScript } from './completion/bash.ts';
import { fishScript } from './completion/fish.ts';
import { placesOf } from './completion/places.ts';
import type { Context } from './context.ts';

const scripts = { bash: bashScript, zsh: zshScript, fish: fishScript };

/** `stratum completion`: a script for a shell, made of the very commands and options of this version. */
export function completionCommand({ print }: Context): Command {
  return new Command('completion')
    .description('Print a script with which a shell completes commands and options: source <(stratum completion bash)')
    .addArgument(new Argument('<shell>', 'the shell').choices(Object.keys(scripts)))
    .action((shell: keyof typeof scripts, _flags: object, command: Command) => {
      print(scripts[shell](placesOf(rootOf(command))));
    });
}

function rootOf(command: Command): Command {
  return command.parent === null ? command : rootOf(command.parent);
}
