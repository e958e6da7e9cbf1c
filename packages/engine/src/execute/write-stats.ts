/** What a write changed, counted. */
export interface WriteStats {
  nodesInserted: number;
  nodesDeleted: number;
  edgesInserted: number;
  edgesDeleted: number;
  propertiesSet: number;
  labelsAdded: number;
  labelsRemoved: number;
  indexesCreated: number;
  indexesDropped: number;
  constraintsCreated: number;
  constraintsDropped: number;
  graphsCreated: number;
  graphsDropped: number;
}

export function noChanges(): WriteStats {
  return {
    nodesInserted: 0,
    nodesDeleted: 0,
    edgesInserted: 0,
    edgesDeleted: 0,
    propertiesSet: 0,
    labelsAdded: 0,
    labelsRemoved: 0,
    indexesCreated: 0,
    indexesDropped: 0,
    constraintsCreated: 0,
    constraintsDropped: 0,
    graphsCreated: 0,
    graphsDropped: 0,
  };
}
