// The command palette. The server finds pages, records and commands (handlers/search.go); here is how one moves through them,
// what can be done on the page beneath, and which contacts were opened in this tab: ids alone, no names, and no longer than the
// tab or the session lives. A table would have to be written by GETs, also by those that the browser makes ahead.
(() => {
  'use strict';
  const $ = (selector, root = document) => root.querySelector(selector);
  const palette = $('#palette');
  const store = {
    get: () => { try { return (sessionStorage.getItem('recent') || '').split(',').filter(Boolean); } catch { return []; } },
    set: (ids) => { try { sessionStorage.setItem('recent', ids.join(',')); } catch { /* storage is forbidden: nothing is recent */ } },
  };
  if (!palette) return store.set([]); // nobody is signed in

  const opened = location.pathname.match(/^\/contacts\/([0-9a-f-]{36})$/)?.[1];
  if (opened) store.set([opened, ...store.get().filter((id) => id !== opened)].slice(0, 8));

  const input = $('#palette-q'), list = $('#palette-list');
  let pending = null; // Enter that came before the results did
  const options = () => [...list.querySelectorAll('[role=option]')];
  const active = () => $('[aria-selected=true]', list);

  function choose(option) {
    active()?.setAttribute('aria-selected', 'false');
    if (!option) return input.removeAttribute('aria-activedescendant');
    option.setAttribute('aria-selected', 'true');
    option.scrollIntoView({ block: 'nearest' });
    input.setAttribute('aria-activedescendant', option.id);
  }

  // take follows the option; with Ctrl or Cmd in a new tab.
  function take(option, e) {
    pending = null;
    if ((e.ctrlKey || e.metaKey) && option?.href) window.open(option.href, '_blank', 'noopener');
    else option?.click();
  }

  // onPage lists the buttons of the top bar, and those for the selected rows while there are some.
  function onPage() {
    const words = input.value.replace(/^\s*>/, '').toLowerCase().split(/\s+/).filter(Boolean);
    const known = new Set(options().map((o) => $('span', o).textContent));
    const buttons = [...document.querySelectorAll('.bulkbar[data-active] .btn, #main .topbar .btn')].filter((b) => {
      const label = $('span', b)?.textContent.trim();
      return label && !b.disabled && !b.hidden && !known.has(label) && words.every((w) => label.toLowerCase().includes(w));
    });
    if (!buttons.length) return;
    const group = document.createElement('div'), head = group.appendChild(document.createElement('h3'));
    group.setAttribute('role', 'group');
    group.setAttribute('aria-labelledby', head.id = 'palette-page');
    head.setAttribute('role', 'presentation');
    head.textContent = document.querySelector('.bulkbar[data-active]') ? 'Selection and page' : 'On this page';
    buttons.forEach((button, i) => {
      const option = group.appendChild(document.createElement('button'));
      Object.assign(option, { id: `palette-page-${i}`, type: 'button', tabIndex: -1 });
      option.setAttribute('role', 'option');
      option.setAttribute('aria-selected', 'false');
      const icon = $('.icon', button);
      if (icon) option.append(icon.cloneNode(true));
      option.appendChild(document.createElement('span')).textContent = $('span', button).textContent;
      option.addEventListener('click', () => { palette.close(); button.click(); });
    });
    $('.palette-none', list)?.remove();
    const recent = $('#palette-recent').value && list.firstElementChild?.textContent.startsWith('Recent') && list.firstElementChild;
    if (input.value.trim()) list.append(group); else if (recent) recent.after(group); else list.prepend(group);
  }

  function open() {
    if ($('dialog[open]')) return !!palette.open;
    $('#nav:popover-open')?.hidePopover();
    pending = null;
    input.value = '';
    $('#palette-recent').value = store.get().filter((id) => id !== opened).join(',');
    list.replaceChildren();
    palette.showModal();
    input.focus();
    whenReady(() => htmx.trigger(input.form, 'ask'));
    return true;
  }
  document.addEventListener('palette', open);
  document.addEventListener('click', (e) => {
    if (!e.target.closest('[data-palette]') || e.ctrlKey || e.metaKey || e.shiftKey) return;
    e.preventDefault();
    open();
  });

  document.addEventListener('htmx:after:swap', (e) => {
    if (e.detail.ctx?.target !== list) return;
    onPage();
    choose(options()[0]);
    if (pending) take(active(), pending);
  });
  // What was asked before the last letter is no answer to it.
  input.addEventListener('input', () => { pending = null; choose(null); });
  input.form.addEventListener('submit', (e) => e.preventDefault());
  list.addEventListener('mousemove', (e) => {
    const option = e.target.closest('[role=option]');
    if (option && option !== active()) choose(option);
  });
  list.addEventListener('click', (e) => { if (e.target.closest('a') && !e.ctrlKey && !e.metaKey) palette.close(); });

  input.addEventListener('keydown', (e) => {
    if (e.isComposing) return;
    const all = options(), at = all.indexOf(active());
    const to = { ArrowDown: (at + 1) % all.length, ArrowUp: (at <= 0 ? all.length : at) - 1, Home: 0, End: all.length - 1 }[e.key];
    if (to !== undefined) {
      e.preventDefault();
      choose(all[to]);
    } else if (e.key === 'Enter') {
      e.preventDefault();
      if (active()) take(active(), e);
      else pending = e;
    }
  });
})();
