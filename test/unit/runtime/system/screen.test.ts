import { expect, test } from 'vitest';
import { openScreen } from '../../../../src/runtime/system/screen.ts';

function screen() {
  const state = { takes: true };
  const written: string[] = [];
  const opened = openScreen((text) => {
    written.push(text.replaceAll('\x1b', '^'));
    return state.takes;
  });
  return { ...opened, state, said: () => written.splice(0) };
}

test('draws over the lines that have changed, and leaves the cursor among the messages', () => {
  const { show, said } = screen();
  show(['one', 'host a']);
  expect(said()).toEqual(['^[r^[2J^[1;1H^[1;37;44m one^[K^[0m^[2;1Hhost a^[K^[3r^[3;1H^[?25l']);
  show(['one', 'host a']);
  expect(said()).toEqual([]);
  show(['one', 'host b']);
  expect(said()).toEqual(['^7^[1;1H^[1;37;44m one^[K^[0m^[2;1Hhost b^[K^8']);
});

test('says the last messages again where the lines become more', () => {
  const { show, remember, said } = screen();
  for (let number = 1; number <= 10; number++) remember(`message ${number}`);
  show(['one']);
  expect(said()[0]).toMatch(/\^\[2;1H\^\[\?25lmessage 3\r\n(.*\r\n)+message 10\r\n$/);
  show(['one', 'two']);
  expect(said()[0]).toContain('^[3r');
});

test('draws all anew after a terminal that took nothing, and drives it by no name', () => {
  const { show, state, said } = screen();
  state.takes = false;
  show(['one', 'a']);
  state.takes = true;
  said();
  show(['one', 'a']);
  expect(said()[0]).toContain('^[2J');
  show(['one', '\x1b[2Jü']);
  expect(said()).toEqual([expect.stringContaining('^[2;1H?[2J?^[K')]);
});
