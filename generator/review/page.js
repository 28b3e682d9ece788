{
  const releases = all('.releases tbody tr');

  // "0-2 5" → [0, 1, 2, 5]: places in the table of releases.
  const places = (ranges) => ranges.split(' ').filter(Boolean).flatMap((range) => {
    const [first, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, step) => first + step);
  });
  const item = (element) => ({
    element, severity: element.dataset.severity, releases: places(element.dataset.releases), text: '',
  });
  const groups = {
    risks: all('.risk').map(item),
    releases: releases.map((element, place) => ({ element, releases: [place], text: '' })),
    'groups of differences': all('.fold').map(item),
  };

  const has = (found, wanted) => {
    if (wanted.length && !found.text) {
      const names = found.releases.map((place) => `${releases[place].dataset.environment}/${releases[place].dataset.model}`);
      found.text = `${found.element.textContent} ${names.join(' ')}`.toLowerCase();
    }
    return wanted.every((word) => found.text.includes(word));
  };

  const filter = () => {
    const [environment, model, severity] = ['environment', 'model', 'severity'].map((id) => by(id).value);
    const wanted = words();
    const here = releases.map(({ dataset }) =>
      (!environment || dataset.environment === environment) && (!model || dataset.model === model));
    const risky = new Set(groups.risks.flatMap((risk) => (risk.severity === severity ? risk.releases : [])));
    const fits = (found) => (found.severity
      // A risk of no release is one of all.
      ? (!severity || found.severity === severity) && (!found.releases.length || found.releases.some((place) => here[place]))
      : found.releases.some((place) => here[place] && (!severity || risky.has(place))));
    const told = Object.entries(groups).map(([what, items]) => {
      const shown = new Set(items.filter((found) => fits(found) && has(found, wanted)));
      for (const found of items) show(found.element, shown.has(found));
      return `${shown.size} of ${items.length} ${what}`;
    });
    by('shown').textContent = `Shown: ${told.join(', ')}`;
  };

  const fold = (value) => () => all('.fold').forEach((each) => { if (!each.closest('[hidden]')) each.open = value; });
  by('expand').addEventListener('click', fold(true));
  by('collapse').addEventListener('click', fold(false));
  start(filter, (target) => { if (target.matches('details')) target.open = true; });
}
