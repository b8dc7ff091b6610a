import type { StepRow } from './step.ts';
import { boot } from './steps/boot.ts';
import { build } from './steps/build.ts';
import { bundle } from './steps/bundle.ts';
import { call } from './steps/call.ts';
import { choose } from './steps/choose.ts';
import { configure } from './steps/configure.ts';
import { confirm } from './steps/confirm.ts';
import { expect } from './steps/expect.ts';
import { flash } from './steps/flash.ts';
import { heal } from './steps/heal.ts';
import { inject } from './steps/inject.ts';
import { key } from './steps/key.ts';
import { powerCut } from './steps/power-cut.ts';
import { powerOff } from './steps/power-off.ts';
import { reboot } from './steps/reboot.ts';
import { reset } from './steps/reset.ts';
import { rollback } from './steps/rollback.ts';
import { screenshot } from './steps/screenshot.ts';
import { type } from './steps/type.ts';
import { update } from './steps/update.ts';

/** Every kind of step but `repeat`, which the reader unrolls; in the order of the reference. */
export const stepRows: readonly StepRow[] = [
  build,
  bundle,
  flash,
  boot,
  expect,
  update,
  confirm,
  rollback,
  configure,
  call,
  reboot,
  reset,
  powerOff,
  powerCut,
  inject,
  heal,
  choose,
  type,
  key,
  screenshot,
];
