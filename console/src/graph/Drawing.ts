import cytoscape from "cytoscape";
import type { Core, ElementDefinition } from "cytoscape";
import fcose from "cytoscape-fcose";
import type { Theme } from "../theme/theme.ts";
import { drawingStyle } from "./drawing-style.ts";
import { labelColour } from "./palette.ts";
import { graphDifference } from "./result-graph.ts";
import type { DrawnEdge, DrawnNode, ResultGraph } from "./result-graph.ts";

cytoscape.use(fcose);

const EMPTY: ResultGraph = { nodes: new Map(), edges: new Map(), total: 0 };
const NODE_SIZE_MIN = 18;
const NODE_SIZE_MAX = 46;
const FONT_SIZE_MIN = 10.5;
/** A small graph is not blown up to fill the view. */
const FIT_ZOOM_MAX = 1.2;
const FIT_PADDING = 36;
/** Between nodes without edges: room for their captions. */
const TILING_PADDING = 45;
const ZOOM_STEP = 1.35;
/** Larger drawings are arranged without showing the way there. */
const ANIMATED_NODES_MAX = 300;

/** A graph on a canvas. It is changed in place: what stays keeps its position. */
export class Drawing {
  readonly #core: Core;
  readonly #still: boolean;
  #graph: ResultGraph = EMPTY;
  #theme: Theme;

  constructor(container: HTMLElement, theme: Theme, onSelect: (id: string | null) => void) {
    this.#theme = theme;
    this.#still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#core = cytoscape({
      container,
      style: drawingStyle(theme),
      minZoom: 0.05,
      maxZoom: 4,
      boxSelectionEnabled: false,
      // Dragging a large graph shows a picture of it, which is fast.
      textureOnViewport: false,
      hideEdgesOnViewport: false,
    });
    this.#core.on("tap", (event) => {
      onSelect(
        event.target === this.#core ? null : String((event.target as { id(): string }).id()),
      );
    });
  }

  show(graph: ResultGraph): void {
    const { added, updated, removed } = graphDifference(this.#graph, graph);
    const first = this.#graph.nodes.size === 0;
    this.#graph = graph;
    const core = this.#core;
    core.batch(() => {
      core.nodes().removeClass("new");
      for (const id of removed) core.getElementById(id).remove();
      for (const node of updated.nodes) core.getElementById(node.id).data(this.#nodeData(node));
      for (const edge of updated.edges) core.getElementById(edge.id).data({ label: edge.label });
      core.add([
        ...added.nodes.map((node) => this.#node(node, first)),
        ...added.edges.map((edge) => edgeDefinition(edge)),
      ]);
      if (!first) for (const node of added.nodes) core.getElementById(node.id).addClass("new");
      this.#resize();
      this.#labelEdges();
    });
    if (added.nodes.length > 0 || added.edges.length > 0) this.#arrange(first);
  }

  theme(theme: Theme): void {
    if (theme === this.#theme) return;
    this.#theme = theme;
    this.#core.style(drawingStyle(theme));
    this.#core.batch(() => {
      for (const node of this.#graph.nodes.values())
        this.#core.getElementById(node.id).data(this.#nodeData(node));
    });
  }

  select(id: string | null): void {
    this.#core.elements(":selected").unselect();
    if (id !== null) this.#core.getElementById(id).select();
  }

  fit(): void {
    const core = this.#core;
    core.fit(core.elements(), FIT_PADDING);
    if (core.zoom() > FIT_ZOOM_MAX) {
      core.zoom(FIT_ZOOM_MAX);
      core.center();
    }
  }

  zoomIn(): void {
    this.#zoom(ZOOM_STEP);
  }

  zoomOut(): void {
    this.#zoom(1 / ZOOM_STEP);
  }

  /** Arranges everything anew. */
  arrange(): void {
    this.#arrange(true);
  }

  close(): void {
    this.#core.destroy();
  }

  #zoom(factor: number): void {
    const position = { x: this.#core.width() / 2, y: this.#core.height() / 2 };
    this.#core.zoom({ level: this.#core.zoom() * factor, renderedPosition: position });
  }

  #arrange(afresh: boolean): void {
    const { size } = this.#graph.nodes;
    const options = {
      name: "fcose",
      // An existing picture is only made room in.
      randomize: afresh,
      fit: false,
      // The first picture is simply there; what joins it is seen arriving.
      animate: !afresh && !this.#still && size <= ANIMATED_NODES_MAX,
      animationDuration: 400,
      quality: size > ANIMATED_NODES_MAX ? "draft" : "default",
      nodeSeparation: 90,
      idealEdgeLength: 85,
      nodeRepulsion: 9_000,
      packComponents: true,
      tilingPaddingHorizontal: TILING_PADDING,
      tilingPaddingVertical: TILING_PADDING,
    };
    // The layout's own options are beyond what cytoscape's type knows.
    const layout = this.#core.layout(options as cytoscape.LayoutOptions);
    if (afresh) layout.one("layoutstop", () => this.fit());
    layout.run();
  }

  /** The more edges a node has, the larger it and its caption are; by the square root, so that the area tells. */
  #resize(): void {
    for (const node of this.#core.nodes()) {
      const weight = Math.sqrt(node.degree(false));
      const size = Math.min(NODE_SIZE_MAX, NODE_SIZE_MIN + 4 * weight);
      if (node.data("size") !== size)
        node.data({ size, fontSize: FONT_SIZE_MIN + Math.min(1.5 * weight, 9) });
    }
  }

  /** Where all edges have one label, the legend says it; on every edge it would be noise. */
  #labelEdges(): void {
    const labels = new Set<string>();
    for (const { label } of this.#graph.edges.values()) labels.add(label);
    for (const edge of this.#core.edges()) edge.data("labelled", labels.size > 1);
  }

  #node(node: DrawnNode, first: boolean): ElementDefinition {
    const definition: ElementDefinition = {
      group: "nodes",
      data: { ...this.#nodeData(node), id: node.id, size: NODE_SIZE_MIN, fontSize: FONT_SIZE_MIN },
    };
    return first ? definition : { ...definition, position: this.#placeFor(node.id) };
  }

  /** Beside a neighbour that is drawn already, or else beside everything. */
  #placeFor(id: string): { x: number; y: number } {
    for (const { from, to } of this.#graph.edges.values()) {
      const neighbour = from === id ? to : to === id ? from : null;
      const drawn = neighbour === null ? null : this.#core.getElementById(neighbour);
      if (drawn !== null && drawn.nonempty()) {
        const { x, y } = drawn.position();
        return { x: x + 40, y: y + 40 };
      }
    }
    const { x2, y1, h } = this.#core.elements().boundingBox();
    return { x: x2 + TILING_PADDING, y: y1 + h / 2 };
  }

  #nodeData(node: DrawnNode): Record<string, unknown> {
    return {
      caption: node.caption,
      colour: labelColour(node.labels[0] ?? "", this.#theme),
      missing: node.missing,
    };
  }
}

function edgeDefinition(edge: DrawnEdge): ElementDefinition {
  return {
    group: "edges",
    data: { id: edge.id, source: edge.from, target: edge.to, label: edge.label },
  };
}
