{
  const data = JSON.parse(by('data').textContent);
  const rows = all('.board > tbody > .row');
  const heads = all('.board > thead th');

  // A model as the page has it. All texts are set as texts: nothing in them becomes markup.
  const models = rows.map((row, place) => {
    const [description, newest, artifact, image, cells] = data.models[place];
    return {
      row, description, newest, artifact, image, text: '', more: null,
      cells: cells.map(([environment, states, since, lines, hosts, rollout, source, differing]) =>
        ({ environment, states, since, lines, hosts, rollout, source, differing })),
    };
  });

  const make = (tag, text = '', name = '') => {
    const made = document.createElement(tag);
    if (name) made.className = name;
    made.append(...[text].flat());
    return made;
  };
  const link = (address, text) => {
    const made = make('a', text);
    made.href = address;
    made.rel = 'noreferrer';
    return made;
  };
  const address = (uri) => (/^https?:\/\//.test(uri) ? link(uri, uri) : make('code', uri));
  const site = (host) => (/^[a-z0-9.-]+$/.test(host) ? link(`https://${host}/`, host) : make('code', host));
  const number = (count, one) => `${count} ${one}${count === 1 ? '' : 's'}`;

  const line = ([state, text]) => {
    const name = data.states[state];
    return make('li', [make('span', name, `mark ${name.replace(' ', '-')}`), text]);
  };

  const stages = ([at, aborted, list]) => {
    const made = list.map(([name, share], place) => {
      const item = make('li', `${place < at ? '✓ ' : ''}${name} ${share} %`);
      if (place === at) item.setAttribute('aria-current', 'step');
      if (place === at && aborted) item.className = 'aborted';
      return item;
    });
    const found = make('ol', made, 'stages');
    found.setAttribute('aria-label', 'Stages of the rollout, with the share of the requests');
    found.setAttribute('role', 'list');
    return found;
  };

  const scoped = (tag, scope, text, span = 0) => {
    const made = make(tag, text);
    made.scope = scope;
    if (span) made.colSpan = span;
    return made;
  };

  // The values that another environment has otherwise, by who says so.
  const values = ({ differing, environment, source }) => {
    const here = data.environments[environment];
    const found = differing.map((place) => data.differing[place]);
    const named = new Set(found.map(([file]) => file));
    // By name; what comes with the chart, which has none, at the end.
    const files = [...named].sort((one, other) =>
      !data.files[one] - !data.files[other] || (data.files[one] < data.files[other] ? -1 : 1));
    const table = make('table', make('thead', make('tr', ['Value', source, here].map((text) => scoped('th', 'col', text)))), 'values');
    for (const file of files) {
      const its = found.filter(([each]) => each === file);
      const who = data.files[file] ? `intended: set by ${data.files[file]}` : 'comes with the chart, which is of another version';
      table.append(make('tbody', [
        make('tr', scoped('th', 'rowgroup', who, 3)),
        ...its.map(([, key, there, mine]) => make('tr', [scoped('th', 'row', make('code', key)), make('td', there), make('td', mine)])),
      ]));
    }
    const own = found.filter(([file]) => data.files[file]).length;
    const told = [own && `${own} intended by the registry`, own < found.length && `${found.length - own} by the chart`];
    return make('details', [
      make('summary', `${number(found.length, 'value')} not as in ${source}: ${told.filter(Boolean).join(', ')}`), table,
    ]);
  };

  const section = (model, cell) => {
    const { row } = model;
    const name = data.environments[cell.environment];
    const parts = [make('h2', [`${name}/${row.dataset.model} `, make('span', cell.since, 'quiet')])];
    if (cell.lines.length) parts.push(make('ul', cell.lines.map(line)));
    if (cell.rollout) parts.push(stages(cell.rollout));
    if (cell.hosts.length) parts.push(make('p', cell.hosts.flatMap((host) => [site(host), ' '])));
    if (cell.differing.length) parts.push(values(cell));
    return make('section', parts);
  };

  const about = (model) => {
    const parts = [make('p', model.description), make('p', ['Newest version: ', make('b', model.newest)])];
    if (model.artifact) parts.push(make('p', ['Artifact: ', address(model.artifact)]));
    return [...parts, make('p', ['Image: ', make('code', model.image)])];
  };

  // Details are made when they are opened: those of a thousand models would take seconds.
  const toggle = (model, opened) => {
    const button = model.row.querySelector('button');
    if (opened && !model.more) {
      const cell = make('td', [...about(model), ...model.cells.map((each) => section(model, each))]);
      cell.setAttribute('role', 'cell');
      model.more = make('tr', cell, 'more');
      model.more.setAttribute('role', 'row');
      model.more.id = `${model.row.id}-more`;
      model.row.after(model.more);
      button.setAttribute('aria-controls', model.more.id);
    }
    button.setAttribute('aria-expanded', String(opened));
    if (model.more) show(model.more, opened && !model.row.hidden);
  };
  const isOpen = (model) => model.row.querySelector('button').getAttribute('aria-expanded') === 'true';

  const texts = (model) => {
    model.text ||= [
      model.row.textContent, model.description, model.artifact, model.image,
      ...model.cells.flatMap((cell) => [
        `${data.environments[cell.environment]}/${model.row.dataset.model}`, ...cell.hosts,
        ...cell.lines.map(([state, text]) => `${data.states[state]} ${text}`),
      ]),
    ].join(' ').toLowerCase();
    return model.text;
  };

  let column = -1;
  const columns = (chosen) => {
    if (chosen === column) return;
    column = chosen;
    for (const cells of [heads, ...rows.map((row) => [...row.cells])]) {
      cells.forEach((cell, place) => { if (place) show(cell, chosen < 0 || place === chosen + 1); });
    }
  };

  const filter = () => {
    const [environment, name, team, state] = ['environment', 'model', 'team', 'state'].map((id) => by(id).value);
    const chosen = environment ? by('environment').selectedIndex - 1 : -1;
    const wanted = words();
    const kind = data.states.indexOf(state);
    const fits = (cell) => (chosen < 0 || cell.environment === chosen) && (kind < 0 || cell.states.includes(kind));
    let releases = 0, shown = 0;
    for (const model of models) {
      const { model: own, team: its } = model.row.dataset;
      const found = (!name || own === name) && (!team || its === team) ? model.cells.filter(fits) : [];
      const isAny = !(environment || state) && (!name || own === name) && (!team || its === team);
      const isShown = (found.length > 0 || isAny) && wanted.every((word) => texts(model).includes(word));
      show(model.row, isShown);
      if (model.more) show(model.more, isShown && isOpen(model));
      if (isShown) { shown += 1; releases += found.length; }
    }
    columns(chosen);
    const every = models.reduce((sum, model) => sum + model.cells.length, 0);
    by('shown').textContent = `Shown: ${shown} of ${models.length} models, ${releases} of ${every} releases`;
  };

  by('collapse').addEventListener('click', () => models.filter(isOpen).forEach((model) => toggle(model, false)));
  rows.forEach((row, place) => row.querySelector('button').addEventListener('click', () =>
    toggle(models[place], !isOpen(models[place]))));
  start(filter, (target) => models.filter(({ row }) => row === target).forEach((model) => toggle(model, true)));
}
