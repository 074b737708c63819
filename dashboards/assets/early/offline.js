// Placed before Plotly: without it Plotly would ask a CDN for the outlines of the world, which no map of ours shows.
(function () {
  "use strict";
  const none = { type: "GeometryCollection", geometries: [] };
  const layers = ["coastlines", "land", "ocean", "lakes", "rivers", "countries", "subunits"];
  const empty = {
    type: "Topology",
    arcs: [],
    objects: Object.fromEntries(layers.map((name) => [name, none])),
  };
  window.PlotlyGeoAssets = { topojson: { world_110m: empty, world_50m: empty } };
})();
