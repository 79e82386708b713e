// What every page shares: requests, toasts, dialogs, forms, popovers. Listeners stand on the document and look the elements
// up when something happens, so they also serve what htmx swaps in later.
(() => {
  'use strict';
  const $ = (selector, root = document) => root.querySelector(selector);
  const $$ = (selector, root = document) => [...root.querySelectorAll(selector)];
  const on = (type, handler, options) => document.addEventListener(type, handler, options);

  // htmx takes hold of the page a moment after the scripts have run, on a busy machine after the page is shown. What a press
  // asks of it waits until then: sooner nobody would hear it. For the other scripts of the page, too.
  let ready = false;
  on('htmx:after:process', () => { ready = true; }, { once: true });
  window.whenReady = (act) => { if (ready) act(); else on('htmx:after:process', act, { once: true }); };

  /* Requests */

  on('htmx:config:request', (e) => {
    const own = e.target.closest?.('#again form')?.elements._csrf; // made for whoever is not signed in
    e.detail.ctx.request.headers['X-CSRF-Token'] = (own || { value: $('meta[name=csrf-token]').content }).value;
  });
  // Network failure or timeout: nothing was swapped, so say it.
  on('htmx:error', (e) => {
    const request = e.detail.ctx?.request;
    if (!request || e.detail.ctx.sourceEvent?.type === 'poll') return;
    toast(/GET/i.test(request.method)
      ? 'Could not reach the server. Check the connection and try again.'
      : 'Could not reach the server. It is not certain that this was saved: look before you try again.');
  });
  // Our own errors bring their toast with them, or a form that its element swaps in; those of a proxy in between do not.
  on('htmx:response:error', (e) => {
    const { response, text } = e.detail.ctx;
    if ([401, 409, 422].includes(response.status) || response.headers.has('HX-Redirect') || /<hx-partial/i.test(text || '')) return;
    toast(`The server answered with error ${response.status}. Try again in a moment.`);
  });
  const connection = () => { const bar = $('#offline'); if (bar) bar.hidden = navigator.onLine; };
  addEventListener('online', connection);
  addEventListener('offline', connection);

  /* Copying and printing */

  on('click', (e) => {
    if (e.target.closest('[data-print]')) print();
  });

  on('click', async (e) => {
    const button = e.target.closest('[data-copy]');
    if (!button) return;
    const from = $(button.dataset.copy);
    from.select();
    try {
      await navigator.clipboard.writeText(from.value);
      $('#live').textContent = 'Copied.';
      $('span', button).textContent = 'Copied';
    } catch {
      toast('The browser does not let us copy. The text is selected: press Ctrl C.');
    }
  });

  /* Toasts */

  const toaster = $('#toaster');

  on('say', (e) => toast(e.detail.text, e.detail.kind));

  // toast shows a report made here; its text is never read as HTML.
  function toast(text, kind = 'error') {
    // A connection that is gone fails many times; saying it once is enough.
    if ($$('.toast b', toaster).some((said) => said.textContent === text)) return;
    const box = document.createElement('div');
    box.className = 'toast';
    box.dataset.kind = kind;
    if (kind === 'error') box.setAttribute('role', 'alert');
    const body = box.appendChild(document.createElement('div'));
    body.className = 'toast-text';
    body.appendChild(document.createElement('b')).textContent = text;
    const close = box.appendChild(document.createElement('button'));
    close.type = 'button';
    close.className = 'btn';
    close.dataset.variant = 'ghost';
    close.dataset.size = 'xs';
    close.dataset.dismiss = '';
    close.textContent = 'Dismiss';
    toaster.append(box);
  }

  // expire removes a toast after its time; the pointer or the focus on it holds the clock. Errors stay.
  function expire(node) {
    if (node.dataset.kind === 'error') return;
    let left = $('[data-undo]', node) ? 10000 : 6000, since = 0, timer = 0;
    const go = () => { clearTimeout(timer); since = Date.now(); timer = setTimeout(() => node.remove(), Math.max(left, 1500)); };
    const hold = () => { clearTimeout(timer); left -= Date.now() - since; };
    node.addEventListener('mouseenter', hold);
    node.addEventListener('mouseleave', go);
    node.addEventListener('focusin', hold);
    node.addEventListener('focusout', go);
    go();
  }
  if (toaster) {
    $$('.toast', toaster).forEach(expire);
    new MutationObserver((changes) => {
      for (const { addedNodes } of changes) for (const n of addedNodes) if (n.nodeType === 1 && n.matches('.toast')) expire(n);
    }).observe(toaster, { childList: true });
  }
  on('htmx:finally:request', (e) => {
    // An undo that went through has done its work; a refused one stays, to be tried again.
    const form = e.target.closest?.('[data-undo]');
    if (form && e.detail.ctx.response?.status < 400) form.closest('.toast').remove();
  });

  /* What becomes of a form that is sent: Saving…, then Saved, or why not. */

  function saving(form, text, kind = '') {
    const state = form.isConnected && $('[data-save-state]', form);
    if (!state) return;
    state.textContent = text;
    state.dataset.kind = kind;
    for (const button of $$('[type=submit]', form)) button.setAttribute('aria-busy', String(text === 'Saving…'));
  }
  on('htmx:before:request', (e) => {
    const { sourceElement, request } = e.detail.ctx;
    if (request.method !== 'GET' && sourceElement.matches('form')) saving(sourceElement, 'Saving…');
  });
  on('htmx:finally:request', (e) => {
    const { sourceElement, request, response } = e.detail.ctx;
    if (request.method === 'GET' || !sourceElement?.matches('form')) return;
    if (!response) saving(sourceElement, 'Not certain that it was saved: the server did not answer.', 'error');
    else if (response.status === 401) saving(sourceElement, 'Not saved: your session has ended.', 'error');
    else if (response.status >= 400) saving(sourceElement, `Not saved: the server refused it (error ${response.status}).`, 'error');
    else saving(sourceElement, 'Saved');
  });
  on('input', (e) => { if (e.target.form) saving(e.target.form, ''); });

  /* Dialogs */

  let opener = null;
  let asFirst = '';
  const values = (form) => new URLSearchParams([...new FormData(form)].map(([k, v]) => [k, v instanceof File ? v.name : v])).toString();
  const guarded = (root) => $('form[data-guard]', root);

  // What is swapped into #modal is shown in the dialog around it.
  on('htmx:after:swap', (e) => {
    const dialog = $('#dialog'), modal = $('#modal'), { target, sourceElement } = e.detail.ctx ?? {};
    if (!dialog || target !== modal || !modal.childElementCount) return;
    if (!dialog.open) {
      opener = sourceElement;
      dialog.showModal();
      // A modal dialog covers the rest of the page and makes it inert, so the toasts move into it.
      dialog.append(toaster);
      const form = guarded(modal);
      asFirst = form ? values(form) : '';
    }
    $('[data-focus], [autofocus], [aria-invalid=true]', modal)?.focus();
  });
  on('closeModal', () => $('#dialog')?.close());
  on('close', (e) => {
    if (e.target.id !== 'dialog') return;
    document.body.append(toaster);
    $('#modal').replaceChildren();
    const back = opener?.isConnected ? opener : opener?.id && document.getElementById(opener.id);
    (back?.checkVisibility?.() ? back : $('#main'))?.focus();
    opener = null;
  }, true);

  // leave closes a dialog, after asking where a form in it was changed.
  function leave(dialog) {
    const form = guarded(dialog);
    if (form && values(form) !== asFirst) $('#discard').showModal();
    else dialog.close();
  }
  on('cancel', (e) => {
    if (e.target.id !== 'dialog') return;
    e.preventDefault();
    leave(e.target);
  }, true);
  // Only a press that starts on the backdrop closes: marking text and letting go outside must not.
  let pressedOn = null;
  on('pointerdown', (e) => { pressedOn = e.target; });
  on('click', (e) => {
    const { target } = e;
    if (target instanceof HTMLDialogElement && target === pressedOn) return leave(target);
    const closer = target.closest('[data-close]');
    if (closer) {
      e.preventDefault();
      return leave(closer.closest('dialog'));
    }
    if (target.closest('[data-discard]')) {
      $('#discard').close();
      $('#dialog').close();
    }
    const shown = target.closest('[data-show]');
    if (shown) {
      shown.closest('[popover]')?.hidePopover();
      document.getElementById(shown.dataset.show).showModal();
    }
    target.closest('[data-dismiss]')?.closest('.toast').remove();
  });

  /* Forms */

  // The summary of errors leads to its fields without a step in the history.
  on('click', (e) => {
    const link = e.target.closest('[data-focus-field]');
    const field = link && document.getElementById(link.dataset.focusField);
    if (!field) return;
    e.preventDefault();
    field.focus();
  });
  on('click', (e) => {
    const button = e.target.closest('[data-fill-email]');
    if (!button) return;
    $('#email').value = button.dataset.fillEmail;
    $('#password').value = button.dataset.fillPassword;
    $('#password').form.querySelector('[type=submit]').focus();
  });
  // A plain form goes once: htmx sees to its own. The button is disabled after the browser has read it.
  let leaving = false;
  on('leaving', () => { leaving = true; });
  on('submit', (e) => {
    const form = e.target;
    if (e.defaultPrevented || form.matches('[hx-post], [hx-get], [method=dialog]')) return;
    if (e.submitter?.matches('[data-download]')) return; // the page stays, and may ask again
    if (form.dataset.sent) return e.preventDefault();
    form.dataset.sent = 'true';
    leaving = true;
    saving(form, 'Saving…');
    setTimeout(() => $$('[type=submit], button:not([type])', form).forEach((b) => (b.disabled = true)));
  });
  // Back from the browser's memory: the form may go again.
  addEventListener('pageshow', (e) => {
    if (!e.persisted) return;
    leaving = false;
    for (const form of $$('form[data-sent]')) {
      delete form.dataset.sent;
      saving(form, '');
      $$('button:disabled', form).forEach((b) => (b.disabled = false));
    }
  });
  $('#main [data-focus]')?.focus();
  // The address said once what the request before did; loading the page again must not say it again.
  if (/[?&]done=/.test(location.search)) {
    const address = new URL(location.href);
    for (const name of ['done', 'id']) address.searchParams.delete(name);
    history.replaceState(history.state, '', address);
  }
  const pageForm = $('#main form[data-guard]');
  const pageFirst = pageForm ? values(pageForm) : '';
  on('htmx:after:request', (e) => { if (e.detail.ctx.hx?.redirect) leaving = true; }); // the form was taken: nothing typed is lost
  addEventListener('beforeunload', (e) => {
    const inModal = $('#dialog[open]') && guarded($('#modal'));
    const changed = (inModal && values(inModal) !== asFirst) || (pageForm?.isConnected && values(pageForm) !== pageFirst);
    if (changed && !leaving) e.preventDefault();
  });

  /* Notifications: the bell opens the newest, and counts again every minute while somebody can see it. */

  on('htmx:after:swap', (e) => { if (e.detail.ctx?.target?.id === 'told') $('#told-pop').showPopover(); });
  setInterval(() => { if (!document.hidden && navigator.onLine && $('#unread')) htmx.trigger($('#unread'), 'poll'); }, 60_000);

  /* Popovers stand below the control that data-anchor names, and inside the window. */
  on('toggle', (e) => {
    const pop = e.target, anchor = pop.dataset?.anchor && document.getElementById(pop.dataset.anchor);
    if (!anchor || e.newState !== 'open') return;
    const at = anchor.getBoundingClientRect();
    const below = at.bottom + 6 + pop.offsetHeight <= innerHeight;
    pop.style.top = `${below ? at.bottom + 6 : Math.max(8, at.top - 6 - pop.offsetHeight)}px`;
    pop.style.left = `${Math.min(Math.max(8, at.right - pop.offsetWidth), innerWidth - pop.offsetWidth - 8)}px`;
  }, true);
})();
