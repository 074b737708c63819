// Puts the picture that `data-spark` describes into its element: see dashboards/marks/spark.py.
(function () {
  "use strict";

  const parser = new DOMParser();

  function draw(element) {
    const drawn = parser.parseFromString(element.dataset.spark, "text/html").querySelector("svg");
    element.replaceChildren(...(drawn ? [document.adoptNode(drawn)] : []));
  }

  new MutationObserver((changes) => {
    for (const { type, target, addedNodes } of changes) {
      if (type === "attributes") draw(target);
      else for (const node of addedNodes) if (node instanceof HTMLElement) drawAll(node);
    }
  }).observe(document, { subtree: true, childList: true, attributes: true, attributeFilter: ["data-spark"] });

  function drawAll(within) {
    if (within.dataset.spark !== undefined) draw(within);
    else within.querySelectorAll("[data-spark]").forEach(draw);
  }
})();
