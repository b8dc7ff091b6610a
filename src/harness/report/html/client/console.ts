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
