// The resource tree, with what each method does and whether it requires a key.
import Box from "@cloudscape-design/components/box";
import Button from "@cloudscape-design/components/button";
import Header from "@cloudscape-design/components/header";
import SpaceBetween from "@cloudscape-design/components/space-between";
import Table from "@cloudscape-design/components/table";
import Toggle from "@cloudscape-design/components/toggle";
import { type ReactElement, useState } from "react";
import { replace } from "../../api/patch";
import { type Resource, updateMethod } from "../../api/restApis";
import { ErrorAlert } from "../../components/ErrorAlert";
import { APIS } from "../../components/queries";
import { useChange } from "../../components/useChange";
import { useSession } from "../../shell/SessionProvider";
import { AddMethodDialog } from "./AddMethodDialog";
import { AddResourceDialog } from "./AddResourceDialog";
import { MethodDetail } from "./MethodDetail";
import { methodRows, type ResourceRow } from "./methodRows";

export function ResourcesPanel({ apiId, resources }: { apiId: string; resources: Resource[] }): ReactElement {
  const { mayChange } = useSession();
  const [selectedId, setSelectedId] = useState<string | null>(null);
  const [opened, setOpened] = useState<"resource" | "method" | null>(null);
  const rows = methodRows(resources);
  const selected = rows.find((row) => row.id === selectedId);
  const requiring = useChange({
    make: ({ row, required }: { row: ResourceRow; required: boolean }) =>
      updateMethod(apiId, row.resource.id, row.verb ?? "", [replace("/apiKeyRequired", required)]),
    done: (_, { row, required }) =>
      `${row.verb ?? ""} ${row.resource.path} ${required ? "requires" : "no longer requires"} a key. Deploy the API for callers to see it.`,
    shows: [APIS],
  });
  const parent = selected?.resource ?? resources.find((resource) => resource.path === "/");
  return (
    <SpaceBetween size="m">
      <ErrorAlert error={requiring.error} />
      <Table
        items={rows}
        trackBy="id"
        selectionType="single"
        selectedItems={selected ? [selected] : []}
        onSelectionChange={({ detail }) => setSelectedId(detail.selectedItems[0]?.id ?? null)}
        onRowClick={({ detail }) => setSelectedId(detail.item.id)}
        wrapLines
        header={
          <Header
            variant="h2"
            description="Changes are seen by callers once the API is deployed."
            actions={
              mayChange &&
              parent && (
                <SpaceBetween direction="horizontal" size="xs">
                  <Button onClick={() => setOpened("resource")}>Create resource</Button>
                  <Button onClick={() => setOpened("method")}>Create method</Button>
                </SpaceBetween>
              )
            }
          >
            Resources
          </Header>
        }
        columnDefinitions={[
          { id: "path", header: "Resource", minWidth: 130, cell: (row) => <RowTitle row={row} /> },
          {
            id: "key",
            header: "API key required",
            minWidth: 190,
            cell: (row) =>
              row.method === null ? null : (
                <Toggle
                  checked={row.method.apiKeyRequired}
                  disabled={!mayChange || requiring.isPending}
                  ariaLabel={`API key required for ${row.verb ?? ""} ${row.resource.path}`}
                  onChange={({ detail }) => requiring.mutate({ row, required: detail.checked })}
                >
                  {row.method.apiKeyRequired ? "Required" : "Not required"}
                </Toggle>
              ),
          },
          {
            id: "integration",
            header: "Integration",
            minWidth: 130,
            cell: (row) => row.method && (row.method.methodIntegration?.type ?? "none"),
          },
        ]}
        ariaLabels={{
          tableLabel: "Resources and methods",
          selectionGroupLabel: "Select a resource or a method",
          itemSelectionLabel: (_, row) => `${row.verb ?? "resource"} ${row.resource.path}`,
        }}
      />
      {selected?.method && <MethodDetail apiId={apiId} row={selected} />}
      {opened === "resource" && parent && (
        <AddResourceDialog apiId={apiId} parent={parent} onClose={() => setOpened(null)} />
      )}
      {opened === "method" && parent && (
        <AddMethodDialog apiId={apiId} resource={parent} onClose={() => setOpened(null)} />
      )}
    </SpaceBetween>
  );
}

function RowTitle({ row }: { row: ResourceRow }): ReactElement {
  const indent = row.depth + (row.verb === null ? 0 : 1);
  return (
    <Box padding={{ left: INDENTS[Math.min(indent, INDENTS.length - 1)] ?? "n" }}>
      {row.verb === null ? row.resource.path : <b>{row.verb}</b>}
    </Box>
  );
}

const INDENTS = ["n", "m", "xl", "xxl", "xxxl"] as const;
