import type { RunEvent } from '../../../src/harness/report/run-event.ts';
import { diskMark } from './disk-summaries.ts';
import { eventStream } from './stream.ts';

/** Texts that would do something if they were not escaped, or that hide what they are. */
export const hostileTexts = [
  '</script><script>window.broken=1</script>',
  '<img src=x onerror="window.broken=2">',
  '"><svg onload=window.broken=3>',
  "' onmouseover='window.broken=4",
  '</style><style>body{display:none}</style>',
  '<!-- --><![CDATA[ ]]>',
  '&lt;b&gt; &amp; \u202eevil\u2066 \u200b\u00ad \ud800 \u0000\u001b[31mred\u009b0m\u007f',
  'javascript:window.broken=5',
] as const;

/** A run in which every text that somebody else may have chosen is hostile. */
export function hostileRun(): RunEvent[] {
  const stream = eventStream({ version: hostileTexts[0], started: hostileTexts[1] });
  for (const [index, text] of hostileTexts.entries()) {
    const one = stream.scenario(`${index} ${text}`, {
      description: text,
      steps: [text],
      variant: { oem: text, fault: text },
    });
    one.begin(1);
    one.power('on');
    one.lines([
      { seconds: 0.5, text },
      { seconds: 0.7, text: `twinbank: ${text}` },
    ]);
    one.fault(text);
    one.booted([], text, 5, text);
    const odd = { state: text, build: text, verdict: text };
    const disk = diskMark(odd, {
      ...odd,
      name: text,
      modules: [{ name: text, kind: text, bytes: 9 }],
    });
    one.disk(text, disk);
    one.kept('screenshot', text, text);
    one.kept('artefact', text, text);
    const failure = {
      code: text,
      message: text,
      lines: [text],
      place: { file: text, line: 1, column: 1 },
    };
    one.end('failed', text, failure);
    one.done('failed');
  }
  return stream.end();
}
