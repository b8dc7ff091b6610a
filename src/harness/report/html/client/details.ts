/** Links to a scenario open it; two buttons open and close all that the filter shows. */
export function foldDetails(): void {
  const openTarget = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (!(target instanceof HTMLDetailsElement)) return;
    target.open = true;
    target.scrollIntoView();
  };
  window.addEventListener('hashchange', openTarget);
  // A link to the place where one already is changes nothing that could be heard of.
  document.addEventListener('click', (event) => {
    const link = event.target instanceof Element && event.target.closest('a[href^="#"]');
    if (link && link.getAttribute('href') === location.hash) openTarget();
  });
  openTarget();
  for (const button of document.querySelectorAll<HTMLButtonElement>('button[data-fold]')) {
    button.addEventListener('click', () => {
      const open = button.dataset.fold === 'open';
      for (const one of document.querySelectorAll<HTMLDetailsElement>('.scenario:not([hidden])')) {
        one.open = open;
      }
    });
  }
}
