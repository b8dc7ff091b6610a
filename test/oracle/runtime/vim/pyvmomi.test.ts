import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { soapLimits } from '../../../../src/protocol/soap.ts';
import { parseXml } from '../../../../src/protocol/xml.ts';
import { readValue } from '../../../../src/runtime/vim/read-value.ts';
import { writeValue } from '../../../../src/runtime/vim/write-value.ts';
import { randomOf } from '../../../fuzz/random.ts';
import { judge } from '../../components/foreign-tool.ts';
import { dataTypes, type NamedStrings, randomData } from './random-value.ts';
import { judgedByPython } from './vim-python.ts';

const script = 'test/oracle/runtime/vim/pyvmomi.py';
const anyValue = { type: 'anyType', array: false, optional: false };

judgedByPython(['pyVmomi'], () => {
  test('N: writes a value of each data type as pyVmomi reads it, and reads it back as pyVmomi writes it', () => {
    const seed = Number(process.env.TWINBANK_FUZZ_SEED ?? Date.now());
    const random = randomOf(seed);
    const named: NamedStrings = JSON.parse(judge('/usr/bin/python3', [script, 'names']));
    const values = dataTypes.map((name) => randomData(name, random, named));
    const folder = mkdtempSync(join(tmpdir(), 'twinbank-vim-'));
    onTestFinished(() => rmSync(folder, { recursive: true }));
    const file = join(folder, 'values.json');
    const written = values.map((value) => writeValue('val', anyValue, value));
    writeFileSync(file, JSON.stringify(written));
    const answers: string[] = JSON.parse(judge('/usr/bin/python3', [script, file]));
    expect(answers).toHaveLength(values.length);
    answers.forEach((answer, at) => {
      const about = `seed ${seed}, ${written[at]}`;
      expect(answer, about).toMatch(/^<val /);
      const element = parseXml(Buffer.from(answer), soapLimits);
      expect(readValue([element], anyValue, 'val'), about).toEqual(values[at]);
    });
  });
});
