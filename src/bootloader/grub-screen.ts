import { linePrefix } from '../protocol/console-event.ts';
import { consoleLine } from '../protocol/console-line.ts';
import { echo } from './grub-echo.ts';
import { fontName, type ScriptPlan } from './grub-plan.ts';

/**
 * Screen and first serial port, where there is one, both for keys and for text. On UEFI the screen is
 * GRUB's own (gfxterm): the firmware's console often goes to the same serial port too, and then every
 * character arrives twice. `tb_screen` is the terminal that a person sees; grub-emu has none, as what it prints is read
 * by programs.
 */
export function terminals(): string {
  return `
set tb_screen="console"
set tb_serial="no"
if serial --unit=0 --speed=115200 --word=8 --parity=no --stop=1; then
  # No escape sequences and no broken lines: it is read by programs and kept in logs.
  terminfo -g 255x24 serial dumb
  terminal_input console serial
  if [ "$grub_platform" = "efi" ]; then
    if loadfont (memdisk)/${fontName}; then
      set tb_screen="gfxterm"
    fi
  fi
  if ! terminal_output $tb_screen serial; then
    set tb_screen="console"
    terminal_output console serial
  fi
  set tb_serial="yes"
fi
if [ "$grub_platform" = "emu" ]; then
  set tb_screen=""
fi
export tb_screen
export tb_serial
${echo({ type: 'loader' })}`;
}

/**
 * GRUB functions for what only a person sees. `hashsum` prints each hash, wherever GRUB prints: the serial line keeps
 * them, on the screen they are black on black, and gone with the next picture.
 *
 * `tb_draw FILE hide|show` draws the screen: what there is to know of each bank, and how far the verification is; what
 * comes after it is hidden or seen. A terminal that goes off and on again (gfxterm) would blank the screen each time, so it
 * is the serial line that goes off meanwhile. `tb_bar` makes a bar with a dot for each file, `tb_step` fills one.
 */
export function screenFunctions(plan: ScriptPlan): string {
  const banks = plan.banks.map((bank) => `    echo "${linePrefix}bank ${bank} $b${bank}_said"`);
  return `
function tb_draw {
  if [ -n "$tb_screen" ]; then
    if [ "$tb_serial" = "yes" ]; then
      terminal_output $tb_screen
    fi
    set color_normal="light-gray/black"
    clear
    ${echo({ type: 'loader' })}
${banks.join('\n')}
    echo "${consoleLine({ type: 'verifying', bank: '$bank' })} ... [$tb_done$tb_left] $1"
    if [ "$2" = "hide" ]; then
      set color_normal="black/black"
    fi
    if [ "$tb_serial" = "yes" ]; then
      terminal_output $tb_screen serial
    fi
  fi
}

function tb_bar {
  set tb_done=""
  set tb_left=""
  for tb_m in $1; do
    set tb_left=".$tb_left"
  done
}

function tb_step {
  set tb_done="$tb_done#"
  regexp --set=1:tb_left '^.(.*)$' "$tb_left"
}`;
}
