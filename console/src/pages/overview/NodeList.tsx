// The nodes that share the store, where there are several.
import StatusIndicator from "@cloudscape-design/components/status-indicator";
import { useQuery } from "@tanstack/react-query";
import type { ReactElement } from "react";
import { listNodes, type ServingNode } from "../../api/operator";
import { ListTable } from "../../components/ListTable";
import { Timestamp } from "../../components/Timestamp";
import { plural, seconds } from "../../lib/numbers";

const EVERY = 5_000;

export function NodeList(): ReactElement | null {
  const { data, error } = useQuery({ queryKey: ["nodes"], queryFn: listNodes, refetchInterval: EVERY });
  if (error === null && (data?.length ?? 0) < 2) return null;
  return (
    <ListTable
      title="Nodes"
      description="They share one store, and each shows the same keys, plans and usage."
      items={data}
      error={error}
      rowId={(node) => node.id}
      empty="No node was heard of."
      columns={[
        { id: "name", header: "Node", cell: (node) => node.name, by: (node) => node.name },
        { id: "state", header: "State", cell: (node) => <State node={node} /> },
        { id: "behind", header: "Changes not in force", cell: (node) => behindText(node), by: (node) => node.behind },
        { id: "revision", header: "Last change", cell: (node) => node.revision },
        { id: "version", header: "Version", cell: (node) => node.version },
        {
          id: "started",
          header: "Started",
          wide: true,
          cell: (node) => <Timestamp millis={node.startedDate * 1000} />,
        },
      ]}
    />
  );
}

function State({ node }: { node: ServingNode }): ReactElement {
  return node.alive ? (
    <StatusIndicator type="success">Serves</StatusIndicator>
  ) : (
    <StatusIndicator type="error">Silent for {seconds(node.silentFor)}</StatusIndicator>
  );
}

const behindText = ({ behind, lag }: ServingNode): string =>
  behind === 0 ? "None" : `${plural(behind, "change")}, for ${seconds(lag)}`;
