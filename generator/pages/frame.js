'use strict';
const by = (id) => document.getElementById(id);
const all = (selector) => [...document.querySelectorAll(selector)];
// Setting what is set already would lay the page out again.
const show = (element, shown) => { if (element.hidden === shown) element.hidden = !shown; };
const words = () => by('text').value.toLowerCase().split(/\s+/).filter(Boolean);
const form = by('filters');

// `filter` shows what the fields of the form ask for; `open` opens what a link leads to.
const start = (filter, open) => {
  // It is shown, whatever the filters are.
  const go = () => {
    const target = by(location.hash.slice(1));
    if (!target) return;
    if (target.closest('[hidden]')) {
      form.reset();
      filter();
    }
    open(target);
    target.scrollIntoView();
  };
  form.addEventListener('input', filter);
  form.addEventListener('submit', (event) => event.preventDefault());
  form.addEventListener('reset', () => setTimeout(filter));
  document.addEventListener('click', (event) => {
    const link = event.target.closest('a[href^="#"]');
    if (link && link.hash === location.hash) setTimeout(go);
  });
  addEventListener('hashchange', go);
  form.hidden = false;
  filter();
  go();
};
