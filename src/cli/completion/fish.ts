import type { CompletedOption, Place } from './places.ts';

/** For fish, with the descriptions it shows beside the words. */
export function fishScript(places: readonly Place[]): string {
  const program = places[0]?.path ?? '';
  const below = places.slice(1).map(({ path }) => quoted(path));
  return `function __${program}_is_at
  set -l path ${program}
  for word in (commandline -opc)[2..]
    if contains -- "$path $word" ${below.join(' ')}
      set path "$path $word"
    end
  end
  test "$path" = "$argv[1]"
end
${places.flatMap((place) => linesOf(program, place)).join('\n')}`;
}

function linesOf(program: string, { path, commands, values, options }: Place): string[] {
  const begin = `complete -c ${program} -n ${quoted(`__${program}_is_at '${path}'`)}`;
  return [
    ...commands.map(({ word, description }) => `${begin} -f -a ${word} -d ${quoted(description)}`),
    ...values.map((value) => `${begin} -f -a ${quoted(value)}`),
    ...options.map((option) => `${begin} ${flagsOf(option)} -d ${quoted(option.description)}`),
  ];
}

function flagsOf({ names, takesValue, values }: CompletedOption): string {
  const flags = names.map((name) => (name.startsWith('--') ? `-l ${name.slice(2)}` : `-s ${name.slice(1)}`)).join(' ');
  const few = values.length > 0 ? ` -f -a ${quoted(values.join(' '))}` : '';
  return takesValue ? `${flags} -r${few}` : flags;
}

function quoted(text: string): string {
  return `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
}
