"use strict";
/* Draws the districts, people and places of one page on a Leaflet map. Text from the data is
   only ever set as textContent, never as markup. */
function drawCity(map, data) {
  const root = document.documentElement;
  const container = map.getContainer();
  container.setAttribute("aria-label", data.words.map);
  container.setAttribute("role", "group");
  const words = data.words;
  const rtl = data.dir === "rtl";
  const bounds = L.latLngBounds(data.bounds);
  const canHover = window.matchMedia("(hover: hover)").matches;
  let view = data.views[0];

  function make(tag, text, name) {
    const element = document.createElement(tag);
    if (text !== undefined) element.textContent = text;
    if (name) element.className = name;
    return element;
  }

  function isolated(tag, text) {
    const element = make(tag);
    element.append(make("bdi", text));
    return element;
  }

  function digits(number) {
    const text = String(number);
    return data.lang === "fa" ? text.replace(/\d/g, (digit) => "۰۱۲۳۴۵۶۷۸۹"[digit]) : text;
  }

  function card(thing) {
    const box = make("div", undefined, "card");
    box.dir = data.dir;
    box.tabIndex = -1;
    const list = make("dl");
    for (const [label, value] of thing.rows.filter((row) => row[1])) {
      list.append(isolated("dt", label), isolated("dd", value));
    }
    box.append(isolated("h2", thing.name), list);
    return box;
  }

  function tip(name, value) {
    const box = make("div");
    box.dir = data.dir;
    box.append(isolated("b", name));
    if (value) box.append(isolated("span", value));
    return box;
  }

  /* Frame: panes from below to above, controls, and a view that fits whatever size there is. */
  for (const [name, height] of [["people", 350], ["ring", 405], ["catchments", 408], ["lines", 410], ["shapes", 430], ["names", 440], ["marks", 450]]) {
    const pane = map.createPane(name);
    pane.style.zIndex = height;
    if (name !== "marks" && name !== "shapes") pane.style.pointerEvents = "none";
  }
  const canvas = L.canvas({ pane: "people", padding: 0.3 });
  const shapesRenderer = L.svg({ pane: "shapes", padding: 0.3 });
  map.attributionControl.setPrefix(false);
  L.control
    .zoom({ position: rtl ? "topright" : "topleft", zoomInTitle: words.zoom_in, zoomOutTitle: words.zoom_out })
    .addTo(map);
  const Scale = L.Control.Scale.extend({
    _updateMetric(metres) {
      const round = this._getRoundNum(metres);
      const text = round < 1000 ? `${digits(round)} ${words.metre}` : `${digits(round / 1000)} ${words.kilometre}`;
      this._mScale.dir = data.dir;
      this._mScale.style.width = `${Math.round((this.options.maxWidth * round) / metres)}px`;
      this._mScale.textContent = text;
    },
  });
  new Scale({ position: rtl ? "bottomright" : "bottomleft", imperial: false, maxWidth: 120 }).addTo(map);

  let touched = false;
  let drawn = false;
  for (const event of ["pointerdown", "wheel", "keydown"]) {
    container.addEventListener(event, () => { touched = true; }, { passive: true });
  }
  const narrow = window.matchMedia("(max-width: 760px)");
  const corners = [bounds.getSouthWest(), bounds.getNorthEast()].map((corner) => map.options.crs.project(corner));
  const steepness = (corners[1].y - corners[0].y) / (corners[1].x - corners[0].x);
  function fit() {
    /* On a phone the frame takes the city's proportions, so that the legend is not far below. */
    const tall = Math.min(window.innerHeight * 0.58, container.clientWidth * steepness * 1.12 + 60);
    container.parentElement.style.height = narrow.matches && !root.classList.contains("printing") ? `${Math.round(tall)}px` : "";
    map.invalidateSize({ animate: false, pan: false });
    const size = map.getSize();
    if (!size.x || !size.y) return;
    map.setMinZoom(0);
    map.fitBounds(bounds, { animate: false, padding: [18, 18] });
    map.setMinZoom(Math.floor(map.getZoom()) - 1);
    if (drawn) thinNames();
  }
  map.setMaxBounds(bounds.pad(0.6));
  fit();
  new ResizeObserver(() => {
    if (!touched && !root.classList.contains("printing")) fit();
  }).observe(container);
  window.addEventListener("beforeprint", () => { root.classList.add("printing"); close(); fit(); });
  window.addEventListener("afterprint", () => { root.classList.remove("printing"); fit(); });

  /* Districts. */
  function style(feature) {
    const fill = view.fills[feature.properties.index];
    const missing = fill === null;
    return {
      color: missing || fill === "" ? "#5d6972" : "#ffffff",
      weight: missing ? 1.4 : fill === "" ? 1.1 : 1.6,
      dashArray: missing ? "5 4" : null,
      fillColor: missing ? "url(#no-data)" : fill || "#ffffff",
      fillOpacity: fill === "" ? 0 : 1,
    };
  }
  function outline(feature) {
    const both = [["#16222e", 8], ["#ffffff", 4]];
    return both.map(([color, weight]) => L.geoJSON(feature, { pane: "ring", interactive: false, style: { color, weight, fill: false, opacity: 1 } }));
  }
  let rings = [];
  function unring() {
    rings.forEach((ring) => ring.remove());
    rings = [];
  }
  function ring(feature) {
    unring();
    rings = outline(feature).map((layer) => layer.addTo(map));
  }
  const paths = [];

  /* What is known of a district or place: beside it, or on a phone at the foot of the screen,
     where a popup would be larger than the map. */
  const popup = L.popup({ minWidth: 220, maxWidth: 310, autoPanPadding: [12, 12] });
  const drawer = make("div", undefined, "drawer");
  const shut = make("button", "×", "shut");
  shut.type = "button";
  shut.setAttribute("aria-label", words.close);
  drawer.hidden = true;
  drawer.append(make("div"), shut);
  document.body.append(drawer);
  let opener = null;
  function open(thing, at, element, feature) {
    const content = card(thing);
    close();
    if (narrow.matches) {
      drawer.firstChild.replaceWith(content);
      drawer.hidden = false;
    } else {
      popup.setLatLng(at).setContent(content).openOn(map);
      popup.getElement().querySelector(".leaflet-popup-close-button").setAttribute("aria-label", words.close);
    }
    if (element) {
      opener = element;
      content.focus();
    }
    if (feature) ring(feature);
  }
  function close() {
    map.closePopup();
    drawer.hidden = true;
    returnFocus();
  }
  function returnFocus() {
    unring();
    if (opener) opener.focus();
    opener = null;
  }
  function openWithKeys(thing, at, element, feature) {
    element.addEventListener("keydown", (event) => {
      if (event.key !== "Enter" && event.key !== " ") return;
      event.preventDefault();
      open(thing, at, element, feature);
    });
  }
  shut.addEventListener("click", close);
  map.on("popupclose", returnFocus);
  map.on("click", close);
  document.addEventListener("keydown", (event) => { if (event.key === "Escape") close(); });
  function arm(feature, layer) {
    const { name, index, at } = feature.properties;
    layer.on("click", (event) => {
      L.DomEvent.stopPropagation(event);
      open(feature.properties, event.latlng, null, feature);
    });
    if (canHover) layer.bindTooltip(() => tip(name, view.values[index]), { sticky: true, direction: "top" });
    layer.on("add", () => {
      const path = layer.getElement();
      paths[index] = path;
      path.setAttribute("tabindex", "0");
      path.setAttribute("role", "button");
      path.addEventListener("focus", () => { if (path.matches(":focus-visible")) ring(feature); });
      path.addEventListener("blur", unring);
      openWithKeys(feature.properties, at, path, feature);
    });
  }
  const areas = L.geoJSON(data.areas, { style, onEachFeature: arm }).addTo(map);
  const svg = map.getPane("overlayPane").querySelector("svg");
  if (svg) {
    const hatch = document.createElementNS(svg.namespaceURI, "defs");
    const pattern = document.createElementNS(svg.namespaceURI, "pattern");
    const attributes = { id: "no-data", width: 7, height: 7, patternUnits: "userSpaceOnUse", patternTransform: "rotate(45)" };
    for (const [key, value] of Object.entries(attributes)) pattern.setAttribute(key, value);
    for (const [width, fill] of [[7, "#e3e3e0"], [1.6, "#b4b8b9"]]) {
      const bar = document.createElementNS(svg.namespaceURI, "rect");
      bar.setAttribute("width", width);
      bar.setAttribute("height", 7);
      bar.setAttribute("fill", fill);
      pattern.append(bar);
    }
    hatch.append(pattern);
    svg.prepend(hatch);
  }

  /* Names, hidden where they would lie on one another; the larger districts are named first. */
  const groups = { names: L.layerGroup() };
  const labels = data.areas.features.map(({ properties }) => {
    const box = isolated("span", properties.name);
    box.dir = data.dir;
    const icon = L.divIcon({ className: "area-label", html: box });
    L.marker(properties.at, { icon, interactive: false, keyboard: false, pane: "names" }).addTo(groups.names);
    return { box, name: properties.name, short: properties.short, rank: properties.rank, index: properties.index };
  });
  labels.sort((one, other) => one.rank - other.rank);
  const extents = [];
  areas.eachLayer((layer) => { extents[layer.feature.properties.index] = layer.getBounds(); });
  /* Where a name may go when its own place is taken, the nearest first. */
  const shifts = [[0, 0]];
  for (const y of [0, 17, -17, 26, -26, 36, -36]) for (const x of [0, 22, -22, 40, -40]) if (x || y) shifts.push([x, y]);
  shifts.sort((one, other) => Math.hypot(...one) - Math.hypot(...other));
  /* How wide a district's name may be, and whether it is still inside when moved. */
  function roominess(index) {
    const [north, south] = [extents[index].getNorthEast(), extents[index].getSouthWest()].map((one) => map.latLngToLayerPoint(one));
    const at = map.latLngToLayerPoint(data.areas.features[index].properties.at);
    const holds = (path, side, top) => !path || !path.isPointInFill || path.isPointInFill(new DOMPoint(side, top));
    const inside = ([x, y], width) => {
      if (!x && !y) return true;
      const [top, side] = [at.y + y, at.x + x];
      if (top - 8 < north.y || top + 8 > south.y || side - width / 2 < south.x || side + width / 2 > north.x) return false;
      return holds(paths[index], side, top - 7) && holds(paths[index], side, top + 7);
    };
    /* Beside the city a number still belongs to the district that it touches. */
    const beside = ([x, y]) => !paths.some((path) => holds(path, at.x + x, at.y + y));
    return [1.5 * (north.x - south.x), inside, beside];
  }
  function thinNames() {
    const frames = (selector) => [...container.querySelectorAll(selector)].slice(0, 300).map((one) => one.getBoundingClientRect());
    const apart = (mine, others) => !others.some(
      (other) => mine.left < other.right && mine.right > other.left && mine.top < other.bottom && mine.bottom > other.top,
    );
    const taken = frames(".site:not(.minor)");
    const shapes = frames(".leaflet-shapes-pane path");
    for (const { box, name, short, index } of labels) {
      if (!box.isConnected) continue;
      /* A name much wider than its district would seem to name the neighbours. */
      const [room, inside, beside] = index === undefined ? [Infinity, () => true, () => false] : roominess(index);
      box.hidden = false;
      /* Best where nothing lies; a service may be covered, a name or a new site may not. The
         short name stands where the long one finds no place. */
      let best;
      for (const words of narrow.matches ? [short] : [name, short]) {
        box.firstChild.textContent = words;
        box.style.left = box.style.top = "0";
        const { width } = box.getBoundingClientRect();
        if (width > room) continue;
        const near = shifts.filter((shift) => inside(shift, width));
        if (words === short) near.push(...shifts.filter(beside));
        const places = near.map((shift) => {
          [box.style.left, box.style.top] = shift.map((length) => `${length}px`);
          return [shift, box.getBoundingClientRect()];
        });
        const free = places.filter(([, mine]) => apart(mine, taken));
        best = free.find(([, mine]) => apart(mine, shapes)) || free[0];
        if (best) break;
      }
      box.hidden = !best;
      if (!best) continue;
      [box.style.left, box.style.top] = best[0].map((length) => `${length}px`);
      taken.push(best[1]);
    }
  }

  /* People as circles, and places as shapes. */
  const Shape = L.CircleMarker.extend({
    _updatePath() {
      const { x, y } = this._point;
      const r = this._radius;
      const outlines = {
        square: `M${x - r},${y - r}h${2 * r}v${2 * r}h${-2 * r}z`,
        diamond: `M${x},${y - 1.3 * r}L${x + 1.3 * r},${y}L${x},${y + 1.3 * r}L${x - 1.3 * r},${y}z`,
        triangle: `M${x},${y - 1.25 * r}L${x + 1.25 * r},${y + r}L${x - 1.25 * r},${y + r}z`,
        down: `M${x},${y + 1.25 * r}L${x + 1.25 * r},${y - r}L${x - 1.25 * r},${y - r}z`,
      };
      const path = outlines[this.options.shape];
      if (path && this._renderer._setPath) this._renderer._setPath(this, path);
      else this._renderer._updateCircle(this);
    },
  });
  const cells = data.cells.map(([lat, lon, radius]) => L.circle([lat, lon], {
    renderer: canvas, radius, interactive: false, stroke: true, weight: 0.6, color: "#16222e", opacity: 0.35, fillOpacity: 0.95,
  }));
  groups.people = L.layerGroup(cells);
  const fitted = map.getZoom();
  function shapeRadius() {
    return Math.min(7, (narrow.matches ? 3.4 : 5.2) + Math.max(0, map.getZoom() - fitted));
  }
  const shapes = [];
  function place(mark) {
    if (!mark.rows) {
      return L.circleMarker(mark.at, { renderer: canvas, interactive: false, radius: 2.5, stroke: false, fillColor: "#16222e", fillOpacity: 1 });
    }
    if (mark.text) {
      const width = mark.minor ? 10 : narrow.matches ? 20 : 24;
      const className = mark.minor ? "site minor" : "site";
      const icon = L.divIcon({ className, iconSize: [width, width], html: make("span", mark.text) });
      const marker = L.marker(mark.at, { icon, pane: "marks", riseOnHover: true, zIndexOffset: mark.minor ? -9999 : 0 });
      marker.on("add", () => {
        const element = marker.getElement();
        element.setAttribute("aria-label", `${mark.name}; ${mark.rows[0].join(": ")}`);
        openWithKeys(mark, marker.getLatLng(), element);
      });
      return marker;
    }
    const shape = new Shape(mark.at, {
      renderer: shapesRenderer, pane: "shapes", radius: shapeRadius(), shape: mark.shape, weight: mark.open ? 1.4 : 2,
      color: mark.open ? "#ffffff" : "#16222e", fillColor: mark.open ? "#16222e" : "#ffffff", fillOpacity: 1,
    });
    shapes.push(shape);
    return shape;
  }
  for (const mark of data.marks) {
    const layer = place(mark);
    if (mark.rows) {
      layer.on("click", (event) => {
        L.DomEvent.stopPropagation(event);
        open(mark, layer.getLatLng());
      });
      if (canHover) layer.bindTooltip(() => tip(mark.name), { direction: "top", offset: [0, -8] });
    }
    groups[mark.layer] = groups[mark.layer] || L.layerGroup();
    layer.addTo(groups[mark.layer]);
  }
  groups.lines = L.layerGroup();
  for (const line of data.lines) {
    L.geoJSON(line, { pane: "lines", interactive: false, style: { color: "#16222e", weight: 1.6, dashArray: "2 5", fill: false, opacity: 0.85 } })
      .addTo(groups.lines);
    if (!line.properties.name) continue;
    const box = isolated("span", line.properties.name);
    box.dir = data.dir;
    const icon = L.divIcon({ className: "fabric-label", html: box });
    L.marker(line.properties.at, { icon, interactive: false, keyboard: false, pane: "names" }).addTo(groups.lines);
    labels.push({ box, name: line.properties.name, short: line.properties.name });
  }

  /* Catchments belong to the sites of a view, and their pane has a switch of its own. */
  for (const outline of data.outlines) {
    const { group } = outline.properties;
    groups[group] = groups[group] || L.layerGroup();
    L.geoJSON(outline, { pane: "catchments", interactive: false, style: { color: "#004d38", weight: 2, fill: false, opacity: 0.9 } })
      .addTo(groups[group]);
  }

  /* Switches. */
  function toggle(name, shown) {
    if (name === "catchments") map.getPane(name).style.display = shown ? "" : "none";
    if (!groups[name]) return;
    if (shown) groups[name].addTo(map);
    else groups[name].remove();
  }
  function show(index) {
    view = data.views[index];
    areas.setStyle(style);
    data.areas.features.forEach(({ properties }) => {
      const path = paths[properties.index];
      if (path) path.setAttribute("aria-label", `${properties.name}: ${view.values[properties.index]}`);
    });
    cells.forEach((cell, number) => cell.setStyle({ fillColor: view.colours[view.cells[number]] }));
    toggle("people", view.cells.length > 0);
    for (const other of data.views) for (const name of other.groups) toggle(name, false);
    for (const name of view.groups) toggle(name, true);
    thinNames();
    if (view.headline) document.querySelector(".headline").textContent = view.headline;
    document.querySelectorAll(".legend").forEach((legend) => { legend.hidden = Number(legend.dataset.view) !== index; });
  }
  document.querySelectorAll("input[name=view]").forEach((input) => {
    input.addEventListener("change", () => { close(); show(Number(input.value)); });
    if (input.checked && Number(input.value) > 0) view = data.views[Number(input.value)];
  });
  document.querySelectorAll("input[data-layer]").forEach((input) => {
    toggle(input.dataset.layer, input.checked);
    input.addEventListener("change", () => {
      toggle(input.dataset.layer, input.checked);
      thinNames();
    });
  });
  show(data.views.indexOf(view));
  drawn = true;
  /* After a zoom the shapes move only when the move ends; names must see where they went. */
  let zoomed = false;
  map.on("zoomend", () => { zoomed = true; });
  map.on("zoomend resize", () => shapes.forEach((shape) => shape.setRadius(shapeRadius())));
  map.on("moveend", () => {
    if (zoomed) thinNames();
    zoomed = false;
  });
  map.on("resize", thinNames);
}
