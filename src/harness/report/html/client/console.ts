/** Of what failed one wants the end; a console can only be scrolled once it is there. */
export function showEnds(): void {
  const show = (details: HTMLDetailsElement) => {
    if (!details.open || !details.closest('.d-failed')) return;
    for (const box of details.querySelectorAll<HTMLElement>('.console:not([data-seen])')) {
      if (box.clientHeight === 0) continue;
      box.scrollTop = box.scrollHeight;
      box.dataset.seen = '';
    }
  };
  const all = document.querySelectorAll<HTMLDetailsElement>('.d-failed, .d-failed details');
  for (const details of all) {
    details.addEventListener('toggle', () => show(details));
    show(details);
  }
}

/** Each console's tools: lines that have a text, and those of stages and marks alone. */
export function searchConsoles(): void {
  for (const input of document.querySelectorAll<HTMLInputElement>('input[data-find]')) {
    const id = input.dataset.find ?? '';
    const box = document.getElementById(id);
    const output = document.querySelector<HTMLOutputElement>(`output[for="${id}-find"]`);
    const stages = document.querySelector<HTMLInputElement>(`input[data-stages="${id}"]`);
    if (!box || !output || !stages) continue;
    const apply = () => {
      const text = input.value.toLowerCase();
      let shown = 0;
      for (const line of box.children) {
        const plain = stages.checked && line.className === '';
        const fits = text === '' || (line.textContent ?? '').toLowerCase().includes(text);
        (line as HTMLElement).hidden = plain || !fits;
        if (!plain && fits) shown += 1;
      }
      output.textContent =
        shown === box.children.length ? '' : `${shown} of ${box.children.length} lines`;
    };
    input.addEventListener('input', apply);
    stages.addEventListener('change', apply);
  }
}
