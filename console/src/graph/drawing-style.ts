import type { StylesheetJson } from "cytoscape";
import type { Theme } from "../theme/theme.ts";

interface Ink {
  readonly text: string;
  readonly halo: string;
  readonly edge: string;
  readonly edgeText: string;
  readonly accent: string;
}

/** The canvas cannot read the page's custom properties, so the few colours it needs stand here as well. */
const INK: Readonly<Record<Theme, Ink>> = {
  light: {
    text: "#241d33",
    halo: "#faf9fc",
    edge: "#bdb4cd",
    edgeText: "#6a6179",
    accent: "#6b3fd4",
  },
  dark: {
    text: "#ebe7f3",
    halo: "#14111b",
    edge: "#5f5675",
    edgeText: "#a69db8",
    accent: "#b9a3ff",
  },
};

const FONT = 'system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", sans-serif';

/** How the drawing looks. Colour and size of a node are data of the node. */
export function drawingStyle(theme: Theme): StylesheetJson {
  const ink = INK[theme];
  return [
    {
      selector: "node",
      style: {
        "background-color": "data(colour)",
        width: "data(size)",
        height: "data(size)",
        label: "data(caption)",
        color: ink.text,
        "font-family": FONT,
        "font-size": "data(fontSize)",
        "text-valign": "bottom",
        "text-margin-y": 4,
        "text-outline-color": ink.halo,
        "text-outline-width": 2,
        "min-zoomed-font-size": 7,
        "border-width": 2,
        "border-color": ink.halo,
      },
    },
    {
      selector: "node[?missing]",
      style: { "background-opacity": 0.15, "border-style": "dashed", "border-color": ink.edge },
    },
    {
      selector: "edge",
      style: {
        width: 1.25,
        "line-color": ink.edge,
        "target-arrow-color": ink.edge,
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.8,
        "curve-style": "bezier",
        color: ink.edgeText,
        "font-family": FONT,
        "font-size": 8,
        "min-zoomed-font-size": 8,
        "text-rotation": "autorotate",
        "text-outline-color": ink.halo,
        "text-outline-width": 2,
      },
    },
    { selector: "edge[?labelled], edge:selected", style: { label: "data(label)" } },
    { selector: "node:selected", style: { "border-color": ink.accent, "border-width": 3 } },
    {
      selector: "edge:selected",
      style: { "line-color": ink.accent, "target-arrow-color": ink.accent, width: 2.5 },
    },
    {
      selector: ".new",
      style: {
        "underlay-color": ink.accent,
        "underlay-opacity": 0.25,
        "underlay-padding": 6,
        "underlay-shape": "ellipse",
      },
    },
  ];
}
