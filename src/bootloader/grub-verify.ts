import { echo } from './grub-echo.ts';
import type { ScriptPlan } from './grub-plan.ts';
import { bankEnvKeys, contentProblem, moduleSeparator } from './rules.ts';

/** GRUB functions that verify a bank's contents and start its kernel. */
export function verifyFunctions(plan: ScriptPlan): string {
  return [hashFile(), verify(), start(plan)].join('\n');
}

/**
 * `tb_hash NAME` sets `why` unless NAME.sum is there and NAME is what it says. `hashsum --check` is true
 * for a list that is empty or cannot be read (grub_file_getline just ends), hence the first two tests:
 * the plain `hashsum` of the list fails on a read error.
 */
function hashFile(): string {
  return `
function tb_hash {
  tb_draw "$1" hide
  tb_hash_file "$1"
  if [ -z "$why" ]; then
    tb_step
  fi
}

function tb_hash_file {
  set tb_about="$1"
  if [ -s "$tb_dir/$1.sum" ]; then
    if [ -s "$tb_dir/$1" ]; then
      if hashsum --hash sha256 "$tb_dir/$1.sum"; then
        if hashsum --hash sha256 --check "$tb_dir/$1.sum" --prefix "$tb_dir"; then
          return 0
        fi
        set why="${contentProblem('hash', '$1')}"
        return 0
      fi
      set why="${contentProblem('sumUnreadable', '$1')}"
      return 0
    fi
    set why="${contentProblem('fileMissing', '$1')}"
    return 0
  fi
  set why="${contentProblem('sumMissing', '$1')}"
}`;
}

/**
 * `tb_verify` sets `why`, empty when all is right. It ends with bank.env's values in the variables, so
 * that what is executed never comes from boot.cfg. A bank that was verified is not hashed again.
 */
function verify(): string {
  const compare = bankEnvKeys.map(
    (key) => `  if [ -z "$why" ]; then
    if [ "$${key}" != "$tb_cfg_${key}" ]; then
      set tb_about="${key}"
      set why="${contentProblem('differs', key)}"
    fi
  fi`,
  );
  return `
function tb_verify {
  set why=""
  if [ "$checked" = "yes" ]; then
    return 0
  fi
  ${echo({ type: 'verifying', bank: '$bank' })}
  set tb_files="bank.env $kernel"
  for tb_m in $modules; do
    if [ "$tb_m" != "${moduleSeparator}" ]; then
      set tb_files="$tb_files $tb_m"
    fi
  done
  tb_bar "$tb_files"
${bankEnvKeys.map((key) => `  set tb_cfg_${key}="$${key}"`).join('\n')}
  tb_hash bank.env
  if [ -z "$why" ]; then
${bankEnvKeys.map((key) => `    unset ${key}`).join('\n')}
    load_env -f "$tb_dir/bank.env" ${bankEnvKeys.join(' ')}
  fi
${compare.join('\n')}
  set tb_any="no"
  if [ -z "$why" ]; then
    for tb_m in $modules; do
      if [ "$tb_m" != "${moduleSeparator}" ]; then
        set tb_any="yes"
      fi
    done
    if [ "$tb_any" = "no" ]; then
      set tb_about="modules"
      set why="${contentProblem('noModules')}"
    fi
  fi
  if [ -z "$why" ]; then
    tb_hash "$kernel"
  fi
  for tb_m in $modules; do
    if [ -z "$why" ]; then
      if [ "$tb_m" != "${moduleSeparator}" ]; then
        tb_hash "$tb_m"
      fi
    fi
  done
  if [ -z "$why" ]; then
    set checked="yes"
    set tb_about=""
  fi
  tb_draw "$tb_about" show
  tb_put
}`;
}

function start(plan: ScriptPlan): string {
  const load = `  unset tb_uuid
  probe --part-uuid --set=tb_uuid "($tb_disk,gpt$bank)"
  set tb_files=""
  for tb_m in $modules; do
    if [ "$tb_m" != "${moduleSeparator}" ]; then
      set tb_files="$tb_files $tb_dir/$tb_m"
    fi
  done
  if linux "$tb_dir/$kernel" $kernelopt twinbank.bank=$bank twinbank.state=$bootstate twinbank.partuuid=$tb_uuid twinbank.refused=$tb_refused; then
    if initrd $tb_files; then
      ${echo({ type: 'starting-kernel', bank: '$bank' })}
      boot
    fi
  fi`;
  return `
function tb_start {
  ${echo({ type: 'booting', bank: '$bank', build: '$build' })}
${plan.end === 'boot' ? load : '  halt'}
}`;
}
