import { echo } from './grub-echo.ts';
import { readKeys, registers, type ScriptPlan } from './grub-plan.ts';
import { markKeys, refusals, requiredKeys, stateNames } from './rules.ts';

/** GRUB functions that read a bank's boot.cfg, judge it, and write marks into it. */
export function scanFunctions(plan: ScriptPlan): string {
  return [registerFile(plan), refuse(), write(), scan()].join('\n');
}

function registerFile(plan: ScriptPlan): string {
  const gets = plan.banks.map((bank) =>
    branch(bank, '$1', (name) => `    set ${name}="$b${bank}_${name}"`),
  );
  const puts = plan.banks.map((bank) =>
    branch(bank, '$bank', (name) => `    set b${bank}_${name}="$${name}"`),
  );
  return `
function tb_get {
  set bank="$1"
  set tb_dir="($tb_disk,gpt$1)"
${gets.join('\n')}
}

function tb_put {
${puts.join('\n')}
}`;
}

function branch(bank: number, which: string, line: (name: string) => string): string {
  return [`  if [ "${which}" = "${bank}" ]; then`, ...registers.map(line), '  fi'].join('\n');
}

/** `tb_refuse REASON WORD`: the word goes to the system that boots in the end, for its journal. */
function refuse(): string {
  return `
function tb_refuse {
  set why="$1"
  set eligible="no"
  set said="$said; refused: $1"
  set tb_refused="$tb_refused,$bank:$2"
  tb_put
  ${echo({ type: 'refused', bank: '$bank', reason: '$1' })}
}`;
}

/**
 * `tb_write BOOTSTATE ATTEMPTS VERDICT` saves the marks that change in one `save_env` and reads them
 * back; false when they do not read back, and then the script goes on with what it knew before.
 */
function write(): string {
  const names = markKeys.map(
    (key, index) => `  if [ "$${key}" != "$${index + 1}" ]; then
    set tb_names="$tb_names ${key}"
  fi`,
  );
  const written = {
    type: 'marks-written',
    bank: '$bank',
    bootstate: '$1',
    attempts: '$2',
    verdict: '$3',
  } as const;
  return `
function tb_write {
  set tb_names=""
${names.join('\n')}
  if [ -z "$tb_names" ]; then
    return 0
  fi
${markKeys.map((key) => `  set tb_old_${key}="$${key}"`).join('\n')}
${markKeys.map((key, index) => `  set ${key}="$${index + 1}"`).join('\n')}
  save_env -f "$tb_dir/boot.cfg" $tb_names
${markKeys.map((key) => `  unset ${key}`).join('\n')}
  load_env -f "$tb_dir/boot.cfg" ${markKeys.join(' ')}
  if [ "$bootstate $attempts $verdict" = "$1 $2 $3" ]; then
    ${echo(written)}
    tb_put
    return 0
  fi
  ${echo({ type: 'marks-not-written', bank: '$bank' })}
${markKeys.map((key) => `  set ${key}="$tb_old_${key}"`).join('\n')}
  return 1
}`;
}

function scan(): string {
  const require = requiredKeys.map(
    ({ key, pattern }) => `  tb_require ${key} '${pattern}' "$${key}"`,
  );
  const names = Object.entries(stateNames).map(
    ([state, name]) => `  if [ "$bootstate" = "${state}" ]; then
    set tb_state="${name}"
  fi`,
  );
  const facts = {
    type: 'bank',
    bank: '$bank',
    state: '$tb_state',
    attempts: '$attempts',
    verdict: '$verdict',
    updated: '$updated',
    build: '$build',
  } as const;
  return `
function tb_require {
  if [ -z "$tb_bad" ]; then
    if regexp -- "$2" "$3"; then
      set tb_good="$1"
    else
      set tb_bad="$1"
    fi
  fi
}

function tb_state_name {
  set tb_state="MALFORMED"
${names.join('\n')}
}

function tb_scan {
  set bank="$1"
  set tb_dir="($tb_disk,gpt$1)"
${readKeys.map((key) => `  unset ${key}`).join('\n')}
  set eligible="no"
  set why=""
  set placed="no"
  set checked="no"
  set tb_bad=""
  if [ -s "$tb_dir/boot.cfg" ]; then
    load_env -f "$tb_dir/boot.cfg" ${readKeys.join(' ')}
  fi
${require.join('\n')}
  if [ -n "$tb_bad" ]; then
    set bootstate="M"
    set said="MALFORMED"
    ${echo({ type: 'bank', bank: '$bank', state: 'MALFORMED' })}
    tb_refuse "${refusals.malformed} ($tb_bad)" malformed:$tb_bad
    return 0
  fi
  tb_state_name
  set said="$tb_state attempts=$attempts verdict=$verdict updated=$updated build=$build"
  ${echo(facts)}
  if [ "$bootstate" = "2" ]; then
    set tb_verdict="T"
    if [ "$verdict" = "H" ]; then
      set tb_verdict="H"
    fi
    tb_write 3 "$attempts" "$tb_verdict"
    tb_refuse "${refusals.dirty}" dirty
  elif [ "$bootstate" = "3" ]; then
    tb_refuse "${refusals.invalid}" invalid
  else
    set eligible="yes"
    tb_put
  fi
}`;
}
